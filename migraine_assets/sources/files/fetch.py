"""Locating and fetching the files of a delivery: a file, folder or glob on any file system that fsspec supports.

Not here: parsing their content (`sources.files.reader`).
"""

import posixpath
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.delivery import SourceFile, identity, source_file

SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")

# Endings that browsers, editors and copy programs give to unfinished files.
PARTIAL: tuple[str, ...] = ("~", ".part", ".partial", ".tmp", ".crdownload", ".swp")

_GLOB = frozenset("*?[")

T = TypeVar("T")


@dataclass(frozen=True)
class Fetched:
    """Fetched files in order (a later one supersedes an earlier one), their hash, and notes."""

    files: tuple[SourceFile, ...]
    md5: str
    notes: tuple[str, ...] = ()


def fetch(location: str) -> Fetched:
    """Fetch the file at `location`, all diary files under a folder, or those that match a glob.

    Raises `ConfigurationError` if nothing exists there or the protocol is unknown, `DataRefused` if a file cannot be
    read.
    """
    fs, path = _open_location(location)
    with _errors_explained(location):
        if not _GLOB.isdisjoint(path) and not fs.exists(path):
            return _fetch_several(fs, fs.glob(path), location)
        if fs.isdir(path):
            return _fetch_several(fs, fs.find(path), location, root=path.rstrip("/"))
        if not fs.exists(path):
            raise ConfigurationError(
                f"There is no file or folder '{location}'. Check the path; a relative path starts "
                f"at the working directory ({Path.cwd()})."
            )
        file = source_file(posixpath.basename(path.rstrip("/")), fs.cat_file(path))
    return Fetched((file,), file.md5)


def read_text(location: str) -> str:
    """Read a small UTF-8 text file such as a mapping. Raises `ConfigurationError` if it cannot be read."""
    fs, path = _open_location(location)
    try:
        content: bytes = fs.cat_file(path)
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The mapping '{location}' cannot be read: {error}.") from error


def is_diary_file(name: str) -> bool:
    """Return True if a file of this name is read as a diary: by its ending, and neither hidden nor unfinished."""
    leaf = posixpath.basename(name).lower()
    return leaf.endswith(SUFFIXES) and not leaf.endswith(PARTIAL) and not _hidden(name)


def landing_source(landing: Path) -> str | None:
    """Return the landing folder as a location if it holds at least one diary file; else None."""
    if not landing.is_dir():
        return None
    names = (path.relative_to(landing).as_posix() for path in landing.rglob("*") if path.is_file())
    return str(landing) if any(is_diary_file(name) for name in names) else None


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "~$")) for part in name.split("/"))


def _open_location(location: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    fs, path = _or_configuration_error(location, lambda: url_to_fs(location))
    return fs, str(path)


def _or_configuration_error(location: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except ImportError as error:
        raise ConfigurationError(f"'{location}' needs a package that is not installed: {error}.") from error
    except ValueError as error:
        raise ConfigurationError(f"'{location}' is not a readable location: {error}.") from error


def _fetch_several(fs: Any, paths: list[str], location: str, *, root: str | None = None) -> Fetched:
    base = root if root is not None else _common_folder(paths)
    named = {path[len(base) :].lstrip("/"): path for path in paths if not fs.isdir(path)}
    diaries = sorted(name for name in named if is_diary_file(name))
    if not diaries:
        raise ConfigurationError(f"'{location}' holds no diary file; one of {', '.join(SUFFIXES)} is expected.")
    files = tuple(source_file(name, fs.cat_file(named[name])) for name in diaries)
    ignored = sorted(name for name in named if name not in diaries and not _hidden(name))
    notes = (f"Ignored files, not diaries by their names: {', '.join(ignored)}.",) if ignored else ()
    return Fetched(files, identity(files, folder=True), notes)


def _common_folder(paths: list[str]) -> str:
    return posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else ""


@contextmanager
def _errors_explained(location: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # The affected file, if there are several.
        name = error.filename or location
        remote = "://" in location and not isinstance(error, PermissionError)
        remedy = "the address, and that the server answers" if remote else "its permissions"
        raise DataRefused(f"'{name}' cannot be read: {error.strerror or error}. Check {remedy}.") from error
    except _client_errors() as error:
        raise ConfigurationError(
            f"'{location}' cannot be reached: {error}. Check its address and credentials."
        ) from error


def _client_errors() -> tuple[type[Exception], ...]:
    """Return the errors besides OSError that a loaded object store client raises, such as missing credentials."""
    botocore = sys.modules.get("botocore.exceptions")
    return (botocore.BotoCoreError,) if botocore else ()
