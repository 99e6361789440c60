"""The store: a folder or object-store prefix, accessed through fsspec, with atomic writes.

Not here: the content of files (the modules of each kind, `stores.documents`).
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from migraine_assets.errors import ConfigurationError, FileMissing, MigraineError, StoreError
from migraine_assets.stores.unfinished import Opener, parts, unfinished_file, unfinished_folder


class Store:
    """Files under a root. Paths are relative, use forward slashes and stay inside the root.

    On a local disk, a file is written under a temporary name in the same folder, flushed and renamed. In an object
    store, an object becomes visible as a whole. So readers see either the old or the new content, even if a writer is
    killed.
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
        # Drivers of object stores raise the errors of their HTTP libraries, which have no common base class.
        self._failures: tuple[type[Exception], ...] = (OSError,) if self.local else (Exception,)

    def path(self, name: str) -> str:
        """Return the path of `name` in the file system. Raises `StoreError` for a name outside the root."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts:
            raise StoreError(f"'{name}' is not a path inside the store {self.uri}.")
        return f"{self.root}/{PurePosixPath(*parts)}"

    def exists(self, name: str) -> bool:
        """Return whether the file or folder `name` exists. Raises `StoreError` if the store does not answer."""
        try:
            with self._reading(name):
                self.fs.info(self.path(name))
        except FileMissing:
            return False
        return True

    def read(self, name: str, *, start: int = 0) -> bytes:
        """Return the content of `name` from the byte `start` on.

        Raises `FileMissing` if there is no such file, and `StoreError` if it cannot be read.
        """
        with self._reading(name):
            content: bytes = self.fs.cat_file(self.path(name), start=start or None)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write `content` to `name` atomically, and replace an existing file. Raises `StoreError` if that fails."""
        self.write_all({name: content})

    def write_all(self, files: dict[str, bytes]) -> None:
        """Write several files, each atomically, in the given order. The file that commits the others must be last."""
        for name, content in files.items():
            with self._writing(name):
                self._write_local(name, content) if self.local else self.fs.pipe_file(self.path(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write `content` to `name` unless it exists. Of several concurrent callers, exactly one gets True."""
        if self.exists(name):
            return False
        with self._writing(name):
            return self._create_local(name, content) if self.local else self._create_object(name, content)

    def create_copy(self, name: str, content: bytes | Opener) -> None:
        """Write `content`, or a stream part by part, to `name` unless it exists, atomically.

        `name` must follow from the content: concurrent callers may both write it.
        """
        if self.exists(name):
            return
        with self._writing(name):
            if self.local:
                self._create_local(name, content)
                return
            self._copy_object(name, content)

    def _copy_object(self, name: str, content: bytes | Opener) -> None:
        # Closing a file commits what was written so far, also after an error, unless committing is a step of its own.
        target = self.fs.open(self.path(name), "wb", autocommit=False)
        try:
            with target:
                for part in parts(content):
                    target.write(part)
        except BaseException:
            target.discard()
            raise
        target.commit()

    def _create_object(self, name: str, content: bytes) -> bool:
        try:
            self.fs.pipe_file(self.path(name), content, mode="create")
        except FileExistsError:
            return False
        return True

    def write_folder(self, name: str, files: dict[str, bytes]) -> bool:
        """Write a folder of files to `name` unless it exists; return whether it was written.

        On a local disk, the folder appears with all its files or not at all. In an object store, the files appear in
        the given order, and the last must be the one for which readers check.
        """
        last = f"{name}/{list(files)[-1]}"
        if self.exists(name if self.local else last):
            return False
        if not self.local:
            self.write_all({f"{name}/{leaf}": content for leaf, content in files.items()})
            return True
        with self._writing(name):
            return self._write_folder_local(name, files)

    def list(self, folder: str) -> list[str]:
        """Return the sorted names of the files directly under `folder`; empty if the folder does not exist.

        Raises `StoreError` if it cannot be read.
        """
        try:
            with self._reading(folder):
                paths: Iterable[str] = self.fs.ls(self.path(folder), detail=False)
        except FileMissing:
            return []
        except OSError as error:
            raise StoreError(f"{self.path(folder)} cannot be read: {error.strerror or error}.") from error
        # A name that starts with a dot belongs to an unfinished write.
        return sorted(leaf for path in paths if not (leaf := path.rstrip("/").rsplit("/", 1)[-1]).startswith("."))

    def delete(self, name: str) -> None:
        """Delete a file, or a folder with its content, if it exists."""
        if self.exists(name):
            with self._writing(name), suppress(FileNotFoundError):
                self.fs.rm(self.path(name), recursive=True)

    def _write_local(self, name: str, content: bytes) -> None:
        with unfinished_file(Path(self.path(name)), content) as temporary:
            os.replace(temporary, self.path(name))

    def _create_local(self, name: str, content: bytes | Opener) -> bool:
        with unfinished_file(Path(self.path(name)), content) as temporary:
            try:
                os.link(temporary, self.path(name))
            except FileExistsError:
                return False
        return True

    def _write_folder_local(self, name: str, files: dict[str, bytes]) -> bool:
        with unfinished_folder(Path(self.path(name)), files) as temporary:
            try:
                temporary.rename(self.path(name))
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):  # Another writer was first.
                    return False
                raise
        return True

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Convert errors of the file system in this block to `StoreError`."""
        try:
            yield
        except FileNotFoundError as error:
            raise FileMissing(f"{self.uri} has no '{name}'.") from error
        except MigraineError:
            raise
        except self._failures as error:
            raise StoreError(f"'{name}' in {self.uri} cannot be read: {error}.") from error

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        try:
            yield
        except MigraineError:
            raise
        except self._failures as error:
            raise StoreError(_explain(f"'{name}' in {self.uri}", error)) from error


def _explain(target: str, error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    remedy = "Free some space and run again" if full else "Check the path and its permissions"
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return f"{target} cannot be written: {reason}. {remedy}. The previous content is unchanged."
