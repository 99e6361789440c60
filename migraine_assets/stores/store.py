"""The store: a folder or object-store prefix, accessed through fsspec, with atomic writes.

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
    """Files under a root. Paths are relative, use forward slashes and stay inside the root.

    On a local disk a file is written under a temporary name in the same folder, flushed and renamed. An object store
    makes a whole object visible at once. So readers see the old bytes or the new ones, even if a writer is killed.
    """

    def __init__(self, uri: str) -> None:
        from fsspec.core import url_to_fs

        self.uri = uri
        self.fs: Any
        try:
            # Other processes write too, so listings must not be cached.
            self.fs, root = url_to_fs(uri, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                f"The store '{uri}' cannot be opened: {error}. Check MIGRAINE_STORE_URI."
            ) from error
        self.root = root.rstrip("/")
        self.local = "file" in (self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,))

    def path(self, name: str) -> str:
        """The path of `name` in the file system. Raises `StoreError` for a name outside the root."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts:
            raise StoreError(f"'{name}' is not a path inside the store {self.uri}.")
        return f"{self.root}/{PurePosixPath(*parts)}"

    def exists(self, name: str) -> bool:
        """Whether the file or folder `name` exists."""
        return bool(self.fs.exists(self.path(name)))

    def read(self, name: str) -> bytes:
        """The content of `name`. Raises `StoreError` if it is missing or unreadable."""
        try:
            content: bytes = self.fs.cat_file(self.path(name))
        except FileNotFoundError as error:
            raise StoreError(f"{self.uri} has no '{name}'.") from error
        except OSError as error:
            raise StoreError(f"'{name}' in {self.uri} cannot be read: {error}.") from error
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write `content` to `name` atomically, replacing what is there."""
        self.write_all({name: content})

    def write_all(self, files: dict[str, bytes]) -> None:
        """Write several files, each atomically, in the given order. The file that commits the others comes last."""
        for name, content in files.items():
            try:
                self._write_local(name, content) if self.local else self.fs.pipe_file(self.path(name), content)
            except OSError as error:
                raise StoreError(_explain(f"'{name}' in {self.uri}", error)) from error

    def create(self, name: str, content: bytes) -> bool:
        """Write `content` to `name` unless it exists. Returns True for exactly one of several concurrent callers."""
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
            raise StoreError(_explain(f"'{name}' in {self.uri}", error)) from error
        finally:
            _unlink(temporary)
        return True

    def _create_object(self, name: str, content: bytes) -> bool:
        try:
            self.fs.pipe_file(self.path(name), content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreError(_explain(f"'{name}' in {self.uri}", error)) from error
        return True

    def write_folder(self, name: str, files: dict[str, bytes]) -> bool:
        """Write a folder of files to `name` unless it exists. Returns whether it was written.

        On a local disk the folder appears with all its files or not at all. In an object store the files appear in
        the given order: the last one must be the one that readers check for.
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
            raise StoreError(_explain(f"'{name}' in {self.uri}", error)) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def list(self, folder: str) -> list[str]:
        """The sorted names of the files directly under `folder`; empty if the folder does not exist.

        Raises `StoreError` if it cannot be read.
        """
        try:
            paths: Iterable[str] = self.fs.ls(self.path(folder), detail=False)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.path(folder)} cannot be read: {error.strerror or error}.") from error
        # A name that starts with a dot belongs to an unfinished write.
        return sorted(leaf for path in paths if not (leaf := path.rstrip("/").rsplit("/", 1)[-1]).startswith("."))

    def delete(self, name: str) -> None:
        """Delete a file, or a folder and its content. Does nothing if it does not exist."""
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
            raise StoreError(_explain(f"'{name}' in {self.uri}", error)) from error
        return os.path.join(folder, f".{leaf}.{uuid.uuid4().hex}")


def _write_synced(path: str, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _unlink(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _explain(target: str, error: OSError) -> str:
    remedy = "Free some space and run again" if error.errno == errno.ENOSPC else "Check the path and its permissions"
    return f"{target} cannot be written: {error.strerror or error}. {remedy}. The previous content is unchanged."
