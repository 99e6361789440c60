"""Locations of diaries: local files and the file systems of fsspec behind one interface.

Not here: which files of a folder are diaries (`sources.files.fetch`).
"""

import glob
import os
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from migraine_assets.errors import ConfigurationError, MigraineError
from migraine_assets.sources.files import local
from migraine_assets.sources.files.delivery import Opener
from migraine_assets.sources.files.http import PROTOCOLS, guarded_filesystem
from migraine_assets.sources.files.limits import MIB, SourceLimits

T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """The paths of the files of a folder or glob, by name, and the names of links and special files."""

    named: dict[str, str]
    special: tuple[str, ...] = ()


class Location:
    """A location on a file system of fsspec."""

    def __init__(self, fs: Any, path: str) -> None:
        self.fs, self.path = fs, path

    def exists(self) -> bool:
        """Return whether the location is a file or folder."""
        return bool(self.fs.exists(self.path))

    def is_folder(self) -> bool:
        """Return whether the location is a folder."""
        return bool(self.fs.isdir(self.path))

    def matches(self) -> Listing:
        """Return the files that match the location as a glob."""
        paths = [path for path in self.fs.glob(self.path) if not self.fs.isdir(path)]
        return Listing(_named(paths, _common_folder(paths)))

    def contents(self) -> Listing:
        """Return the files under the location, in any depth."""
        return Listing(_named(self.fs.find(self.path), self.path.rstrip("/")))

    def read(self, path: str, *, at_most: int, follow: bool) -> bytes:  # noqa: ARG002 - there are no links
        """Return the content of the file `path`; if it is larger than `at_most`, return `at_most + 1` bytes.

        `follow`: whether it may be a symbolic link.
        """
        try:
            # Read as a stream, because the size that a server declares may be wrong or missing.
            with self.fs.open(path, "rb", block_size=0 if "http" in self.fs.protocol else None) as file:
                return _read_stream(file, at_most + 1)
        except OSError as error:
            # fsspec reports a refused address as a missing file.
            if isinstance(error.__cause__, MigraineError):
                raise error.__cause__ from error
            raise

    def stored(self, path: str, *, follow: bool) -> tuple[Opener, int] | None:  # noqa: ARG002 - there are no links
        """Return a function that opens the file `path`, and its size in bytes; None if it must be read at once."""
        return None


class _LocalLocation(Location):
    """A local location. Uses `glob`, because the pattern may be an absolute path, which `Path.glob` refuses."""

    def exists(self) -> bool:
        return Path(self.path).exists()

    def is_folder(self) -> bool:
        return Path(self.path).is_dir()

    def matches(self) -> Listing:
        paths = [path for path in glob.glob(self.path, recursive=True) if not Path(path).is_dir()]  # noqa: PTH207
        return Listing(_named(paths, _common_folder(paths)))

    def contents(self) -> Listing:
        root = self.path.rstrip("/")
        named = {name: f"{root}/{name}" for name, _ in local.regular_files(Path(root or "/"))}
        return Listing(named, local.special_files(Path(root or "/")))

    def read(self, path: str, *, at_most: int, follow: bool) -> bytes:
        return local.read_regular(path, at_most=at_most, follow=follow)

    def stored(self, path: str, *, follow: bool) -> tuple[Opener, int] | None:
        with local.open_regular(path, follow=follow) as file:
            version = local.version_of(os.fstat(file.fileno()))
        return partial(local.open_regular, path, follow=follow, version=version), version[0]


def open_location(location: str, limits: SourceLimits) -> Location:
    """Open `location`. Raises `ConfigurationError` for a protocol that is unknown or not installed."""
    from fsspec.core import split_protocol, url_to_fs

    protocol = split_protocol(location)[0]
    if "::" in location and any(f"{name}://" in location for name in PROTOCOLS):
        raise ConfigurationError(f"'{location}' combines HTTP with another protocol. Download the file first.")
    if protocol in PROTOCOLS:
        return Location(*_or_configuration_error(location, lambda: guarded_filesystem(location, limits)))
    fs, path = _or_configuration_error(location, lambda: url_to_fs(location))
    return _LocalLocation(fs, str(path)) if "file" in fs.protocol else Location(fs, str(path))


def _read_stream(file: Any, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := file.read(min(size, MIB))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _or_configuration_error(location: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except ImportError as error:
        raise ConfigurationError(f"'{location}' needs a package that is not installed: {error}.") from error
    except ValueError as error:
        raise ConfigurationError(f"'{location}' is not a readable location: {error}.") from error


def _named(paths: list[str], base: str) -> dict[str, str]:
    return {path[len(base) :].lstrip("/"): path for path in paths}


def _common_folder(paths: list[str]) -> str:
    return posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else ""
