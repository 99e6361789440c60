"""Exclusive locks between processes of one machine. The kernel releases a lock when its holder dies.

Not here: the lock of a store between machines (`stores.store_lock`).
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.file_modes import append_file, closing_file


class LockHeld(StoreError):
    """Another process holds the lock."""


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock on the file `path` in this block. The file is created if necessary.

    Raises `LockHeld` if another process holds it and `wait` is False, and `StoreError` if the file cannot be opened.
    """
    try:
        file = append_file(path)
    except OSError as error:
        raise StoreError(f"'{path}' cannot be locked: {error}. Check its permissions.") from error
    with closing_file(file):
        if not acquire(file, wait=wait):
            raise LockHeld(f"'{path}' is locked by another process. Wait until it has finished.")
        yield


def acquire(file: int | IO[Any], *, wait: bool = True) -> bool:
    """Lock an open file until it is closed or released.

    Returns False if another process holds the lock and `wait` is False.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(file: int | IO[Any]) -> None:
    """Release the lock on an open file."""
    fcntl.flock(file, fcntl.LOCK_UN)
