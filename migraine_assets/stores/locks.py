"""A lock between processes of one machine.

Here belongs the lock alone. Not here: what it protects, and locks between machines (an object store has none).
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migraine_assets.errors import StoreError


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold `path` exclusively, waiting for whoever holds it. The kernel frees it when its holder dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise StoreError(f"'{path}' cannot be locked: {error}. Check its permissions.") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
