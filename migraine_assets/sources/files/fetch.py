"""Finding and fetching the files of a delivery: a file, a folder, a glob, anywhere that fsspec reaches.

Here belong locations and bytes. Not here: what the bytes mean (`text`, `reading`).
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

# What browsers, editors and copy programs call a file that is not finished yet.
PARTIAL: tuple[str, ...] = ("~", ".part", ".partial", ".tmp", ".crdownload", ".swp")

_GLOB = frozenset("*?[")

T = TypeVar("T")


@dataclass(frozen=True)
class Fetched:
    """The files in the order in which they count (a later one supersedes), their identity and remarks."""

    files: tuple[SourceFile, ...]
    md5: str
    notes: tuple[str, ...] = ()


def fetch(location: str) -> Fetched:
    """Read `location` whole: one file, all diary files under a folder, or those a glob matches.

    Raises `ConfigurationError` where nothing is there or the kind of location is unknown, `DataRefused` where a
    file cannot be read.
    """
    fs, path = _open_location(location)
    with _explained(location):
        if not _GLOB.isdisjoint(path) and not fs.exists(path):
            return _several(fs, fs.glob(path), location)
        if fs.isdir(path):
            return _several(fs, fs.find(path), location, root=path.rstrip("/"))
        if not fs.exists(path):
            raise ConfigurationError(
                f"There is no file or folder '{location}'. Check the path; it may be relative to the folder in "
                f"which the command runs ({Path.cwd()})."
            )
        file = source_file(posixpath.basename(path.rstrip("/")), fs.cat_file(path))
    return Fetched((file,), file.md5)


def read_text(location: str) -> str:
    """A small UTF-8 text file such as a mapping. Raises `ConfigurationError` where it cannot be read."""
    fs, path = _open_location(location)
    try:
        content: bytes = fs.cat_file(path)
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The mapping '{location}' cannot be read: {error}.") from error


def is_diary_file(name: str) -> bool:
    """Whether a file of this name is taken as a diary: by its ending, and neither hidden nor half-written."""
    leaf = posixpath.basename(name).lower()
    return leaf.endswith(SUFFIXES) and not leaf.endswith(PARTIAL) and not _hidden(name)


def landing_source(landing: Path) -> str | None:
    """The landing folder as a source, where it holds at least one diary file; else None."""
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
        raise ConfigurationError(f"'{location}' is no location that can be read: {error}.") from error


def _several(fs: Any, paths: list[str], location: str, *, root: str | None = None) -> Fetched:
    base = root if root is not None else _common_folder(paths)
    named = {path[len(base) :].lstrip("/"): path for path in paths if not fs.isdir(path)}
    taken = sorted(name for name in named if is_diary_file(name))
    if not taken:
        raise ConfigurationError(f"'{location}' holds no diary file; one of {', '.join(SUFFIXES)} is expected.")
    files = tuple(source_file(name, fs.cat_file(named[name])) for name in taken)
    left = sorted(name for name in named if name not in taken and not _hidden(name))
    notes = (f"Not read, by their names no diaries: {', '.join(left)}.",) if left else ()
    return Fetched(files, identity(files, folder=True), notes)


def _common_folder(paths: list[str]) -> str:
    return posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else ""


@contextmanager
def _explained(location: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Of several files, the one that is meant.
        name = error.filename or location
        remote = "://" in location and not isinstance(error, PermissionError)
        remedy = "the address, and that the server answers" if remote else "its permissions"
        raise DataRefused(f"'{name}' cannot be read: {error.strerror or error}. Check {remedy}.") from error
    except _of_clients() as error:
        raise ConfigurationError(
            f"'{location}' cannot be reached: {error}. Check its address and credentials."
        ) from error


def _of_clients() -> tuple[type[Exception], ...]:
    """What a client of object stores raises besides OSError (credentials that are missing), where one is loaded."""
    botocore = sys.modules.get("botocore.exceptions")
    return (botocore.BotoCoreError,) if botocore else ()
