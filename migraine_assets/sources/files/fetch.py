"""Locating and fetching the files of a delivery: a file, folder or glob on any file system that fsspec supports.

Not here: file systems (`sources.files.locations`), limits (`sources.files.limits`), parsing (`sources.files.reader`).
"""

import os
import posixpath
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files import local
from migraine_assets.sources.files.delivery import (
    HEAD,
    STREAMED_MARK,
    Opener,
    SourceFile,
    identity,
    source_file,
    stored_file,
)
from migraine_assets.sources.files.limits import DEFAULT, MIB, SourceLimits, exceeded
from migraine_assets.sources.files.locations import Listing, Location, open_location

_PLAIN = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".html")
SUFFIXES: tuple[str, ...] = (
    *_PLAIN,
    *(f"{ending}.gz" for ending in _PLAIN),
    ".parquet",
    ".xlsx",
    ".xlsb",
    ".xls",
    ".ods",
    ".zip",
)

# Endings that browsers, editors and copy programs give to unfinished files.
PARTIAL: tuple[str, ...] = ("~", ".part", ".partial", ".tmp", ".crdownload", ".swp")

_GLOB = frozenset("*?[")

# Larger local files, such as exports of Apple Health, are read as a stream and not kept in memory.
_LARGE_BYTES = 64 * MIB

# The largest mapping; YAML is slow to parse.
_TEXT_BYTES = 256 << 10


@dataclass(frozen=True)
class Fetched:
    """Fetched files in order (a later one supersedes an earlier one), their hash, and notes."""

    files: tuple[SourceFile, ...]
    md5: str
    notes: tuple[str, ...] = ()


def fetch(location: str, *, limits: SourceLimits = DEFAULT) -> Fetched:
    """Fetch the file at `location`, all diary files under a folder, or those that match a glob.

    Raises `ConfigurationError` if nothing exists there, the protocol is unknown or the address is not allowed. Raises
    `DataRefused` if a file cannot be read or exceeds `limits`.
    """
    place = open_location(location, limits)
    with _errors_explained(location):
        if not _GLOB.isdisjoint(place.path) and not place.exists():
            return _fetch_several(place, place.matches(), location, limits)
        if place.is_folder():
            return _fetch_several(place, place.contents(), location, limits)
        if not place.exists():
            raise _missing(location)
        name = posixpath.basename(place.path.rstrip("/"))
        file = _bounded(place, name, place.path, location, limits.mib * MIB, limits, follow=True)
    return Fetched((file,), file.md5)


def check_location(location: str, *, limits: SourceLimits = DEFAULT) -> None:
    """Raise the errors of `fetch` that do not require reading a file: an invalid address, or one without a diary."""
    place = open_location(location, limits)
    with _errors_explained(location):
        if not _GLOB.isdisjoint(place.path) and not place.exists():
            _diaries(place.matches(), location, limits)
        elif place.is_folder():
            _diaries(place.contents(), location, limits)
        elif not place.exists():
            raise _missing(location)


def read_text(location: str, *, limits: SourceLimits = DEFAULT) -> str:
    """Read a small UTF-8 text file such as a mapping. Raises `ConfigurationError` if it cannot be read."""
    place = open_location(location, limits)
    try:
        content = place.read(place.path, at_most=_TEXT_BYTES, follow=True)
        if len(content) > _TEXT_BYTES:
            raise ConfigurationError(f"The mapping '{location}' is larger than {_TEXT_BYTES >> 10} KiB.")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, DataRefused) as error:
        raise ConfigurationError(f"The mapping '{location}' cannot be read: {error}.") from error


def is_diary_file(name: str) -> bool:
    """Return whether a file of this name is a diary: it has a known ending and is neither hidden nor unfinished."""
    leaf = posixpath.basename(name).lower()
    return leaf.endswith(SUFFIXES) and not leaf.endswith(PARTIAL) and not _hidden(name)


def landing_files(landing: Path) -> tuple[tuple[str, os.stat_result], ...]:
    """Return name and status of the diary files in the landing folder, without links, pipes and devices."""
    if not landing.is_dir():
        return ()
    return tuple((name, status) for name, status in local.regular_files(landing) if is_diary_file(name))


def landing_source(landing: Path) -> str | None:
    """Return the landing folder as a location if it has at least one diary file, else None."""
    return str(landing) if landing_files(landing) else None


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "~$")) for part in name.split("/"))


def _missing(location: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no file or folder '{location}'. Check the path; a relative path starts "
        f"at the working directory ({Path.cwd()})."
    )


def _diaries(listing: Listing, location: str, limits: SourceLimits) -> list[str]:
    """Return the names of the diary files in order."""
    diaries = sorted(name for name in listing.named if is_diary_file(name))
    if not diaries:
        raise ConfigurationError(f"'{location}' contains no diary file; one of {', '.join(SUFFIXES)} is expected.")
    if len(diaries) > limits.files:
        raise exceeded(f"'{location}'", f"contains {len(diaries):,} diary files", "files", limits.files)
    return diaries


def _fetch_several(place: Location, listing: Listing, location: str, limits: SourceLimits) -> Fetched:
    diaries = _diaries(listing, location, limits)
    files: list[SourceFile] = []
    remaining = limits.mib * MIB
    for name in diaries:
        files.append(_bounded(place, name, listing.named[name], location, remaining, limits, follow=False))
        remaining -= files[-1].size if files[-1].size <= remaining else 0
    ignored = sorted(name for name in listing.named if name not in diaries and not _hidden(name))
    notes = [f"Ignored files, which by their names are not diaries: {', '.join(ignored)}."] if ignored else []
    special = [name for name in listing.special if not _hidden(name)]
    if special:
        notes.append(f"Ignored links and special files, which are not followed: {', '.join(special)}.")
    return Fetched(tuple(files), identity(files, folder=True), tuple(notes))


def _bounded(
    place: Location, name: str, path: str, location: str, at_most: int, limits: SourceLimits, *, follow: bool
) -> SourceFile:
    stored = place.stored(path, follow=follow)
    if stored is not None and stored[1] > _LARGE_BYTES:
        opener, size = stored
        if size <= at_most or (size <= limits.streamed_mib * MIB and _is_streamed(opener)):
            return stored_file(name, opener)
        raise exceeded(f"'{location}'", f"contains more than {limits.mib:,} MiB", "mib", limits.mib)
    content = place.read(path, at_most=at_most, follow=follow)
    if len(content) > at_most:
        raise exceeded(f"'{location}'", f"contains more than {limits.mib:,} MiB", "mib", limits.mib)
    return source_file(name, content)


def _is_streamed(opener: Opener) -> bool:
    """Return whether a file that fits into no memory is in a format that is read as a stream."""
    with opener() as file:
        return STREAMED_MARK in file.read(HEAD)


@contextmanager
def _errors_explained(location: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # With several files, the error names the affected one.
        name = error.filename or location
        remote = "://" in location and not isinstance(error, PermissionError)
        remedy = "the address, and that the server answers" if remote else "its permissions"
        raise DataRefused(f"'{name}' cannot be read: {error.strerror or error}. Check {remedy}.") from error
    except _client_errors() as error:
        raise ConfigurationError(
            f"'{location}' cannot be reached: {error}. Check its address and credentials."
        ) from error


def _client_errors() -> tuple[type[Exception], ...]:
    """Return the error types, besides OSError, of object store clients in use; for example for missing credentials."""
    botocore = sys.modules.get("botocore.exceptions")
    return (botocore.BotoCoreError,) if botocore else ()
