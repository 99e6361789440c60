"""The store: one folder or object-store prefix, reached through fsspec, with writes that are whole or not at all.

Here belong paths, bytes and atomicity. Not here: what the bytes mean.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from migraine_assets.errors import ConfigurationError, StoreError


class Store:
    """Bytes under a root. Every path is relative, with forward slashes, and stays inside the root.

    On a local disk a file is written beside its place, flushed to the disk and renamed; an object store makes a
    whole object visible at once. So a reader sees the old bytes or the new ones, whatever is killed when.
    """

    def __init__(self, uri: str) -> None:
        from fsspec.core import url_to_fs

        self.uri = uri
        self.fs: Any
        try:
            # Others write too: a listing that was kept would hide what they wrote.
            self.fs, root = url_to_fs(uri, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                f"The store '{uri}' cannot be opened: {error}. Check MIGRAINE_STORE_URI."
            ) from error
        self.root = root.rstrip("/")
        self.local = "file" in (self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,))

    def path(self, name: str) -> str:
        """The file system's own path of `name`. Raises `StoreError` for a name that leaves the root."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts:
            raise StoreError(f"'{name}' is not a path inside the store {self.uri}.")
        return f"{self.root}/{PurePosixPath(*parts)}"

    def exists(self, name: str) -> bool:
        """Whether a file or folder `name` is there."""
        return bool(self.fs.exists(self.path(name)))

    def read(self, name: str) -> bytes:
        """The whole content of `name`. Raises `StoreError` where it is absent or unreadable."""
        try:
            content: bytes = self.fs.cat_file(self.path(name))
        except FileNotFoundError as error:
            raise StoreError(f"{self.uri} holds no '{name}'.") from error
        except OSError as error:
            raise StoreError(f"'{name}' in {self.uri} cannot be read: {error}.") from error
        return content

    def write(self, name: str, content: bytes) -> None:
        """Put `content` at `name`, replacing what is there, whole or not at all."""
        self.write_all({name: content})

    def write_all(self, files: dict[str, bytes]) -> None:
        """Put several files, each whole or not at all, in the given order: name the one that commits last."""
        for name, content in files.items():
            try:
                self._write_local(name, content) if self.local else self.fs.pipe_file(self.path(name), content)
            except OSError as error:
                raise StoreError(_why(f"'{name}' in {self.uri}", error)) from error

    def create(self, name: str, content: bytes) -> bool:
        """Put `content` at `name` unless something is there; whether it was put. Of two that ask, one gets it."""
        if self.exists(name):
            return False
        if not self.local:
            return self._create_object(name, content)
        target, temporary = self.path(name), self._temporary(name)
        try:
            _write_synced(temporary, content)
            os.link(temporary, target)
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreError(_why(f"'{name}' in {self.uri}", error)) from error
        finally:
            _unlink(temporary)
        return True

    def _create_object(self, name: str, content: bytes) -> bool:
        try:
            self.fs.pipe_file(self.path(name), content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreError(_why(f"'{name}' in {self.uri}", error)) from error
        return True

    def write_folder(self, name: str, files: dict[str, bytes]) -> bool:
        """Put a folder of files at `name` unless something is there; whether it was put.

        On a local disk the folder appears with all its files or not at all. An object store gets the files in the
        given order: name the one last without which a reader does not believe the folder.
        """
        last = f"{name}/{list(files)[-1]}"
        if self.exists(name if self.local else last):
            return False
        if not self.local:
            self.write_all({f"{name}/{leaf}": content for leaf, content in files.items()})
            return True
        temporary = self._temporary(name)
        try:
            return self._write_folder_local(name, temporary, files)
        except OSError as error:
            raise StoreError(_why(f"'{name}' in {self.uri}", error)) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def list(self, folder: str) -> list[str]:
        """The names of the files directly under `folder`, sorted; empty where there is no such folder."""
        try:
            found: Iterable[str] = self.fs.ls(self.path(folder), detail=False)
        except FileNotFoundError:
            return []
        # A name that begins with a dot is a write that has not finished (or was killed).
        return sorted(leaf for path in found if not (leaf := path.rstrip("/").rsplit("/", 1)[-1]).startswith("."))

    def delete(self, name: str) -> None:
        """Remove a file or a folder with all that it holds; nothing happens where it is absent."""
        if self.exists(name):
            self.fs.rm(self.path(name), recursive=True)

    def _write_local(self, name: str, content: bytes) -> None:
        temporary = self._temporary(name)
        try:
            _write_synced(temporary, content)
            os.replace(temporary, self.path(name))
        finally:
            _unlink(temporary)

    def _write_folder_local(self, name: str, temporary: str, files: dict[str, bytes]) -> bool:
        os.makedirs(temporary)
        for leaf, content in files.items():
            _write_synced(os.path.join(temporary, leaf), content)
        try:
            os.rename(temporary, self.path(name))  # noqa: PTH104
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):  # Another writer was first.
                return False
            raise
        return True

    def _temporary(self, name: str) -> str:
        folder, leaf = os.path.split(self.path(name))
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise StoreError(_why(f"'{name}' in {self.uri}", error)) from error
        return os.path.join(folder, f".{leaf}.{uuid.uuid4().hex}")


def _write_synced(path: str, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _unlink(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _why(what: str, error: OSError) -> str:
    remedy = "Free some space and run again" if error.errno == errno.ENOSPC else "Check the path and its permissions"
    return f"{what} cannot be written: {error.strerror or error}. {remedy}; what was there before is untouched."
