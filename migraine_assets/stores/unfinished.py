"""Files and folders that have a temporary name while they are written, and leftovers of killed writers.

A writer holds a lock on its temporary file or folder. The kernel releases it when the writer dies, so if the lock is
free, the file will never be finished. Not here: modes (`stores.file_modes`), when leftovers are removed
(`cli.commands`).
"""

import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from migraine_assets.stores.file_modes import closing_file, create_file, folder_mode, make_folder, write_all
from migraine_assets.stores.locks import acquire

# Opens a file for one reading.
Opener = Callable[[], BinaryIO]
PART_BYTES = 1 << 20

_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{32}")
# Temporary names of earlier versions.
_EARLIER = re.compile(r"\.building-[0-9a-f]{32}|\.\d{4}-\d\d-\d\d\.html\.new|\.latest\.html\.new")


def parts(content: bytes | Opener) -> Iterator[bytes]:
    """Yield the content, or a stream in parts of at most `PART_BYTES`."""
    if isinstance(content, bytes):
        yield content
        return
    with content() as file:
        while part := file.read(PART_BYTES):
            yield part


@contextmanager
def unfinished_file(path: Path, content: bytes | Opener) -> Iterator[Path]:
    """Write `content`, or a stream part by part, to a temporary file beside `path`. The block moves it to `path`."""
    make_folder(path.parent)
    temporary = _temporary(path)
    file = _create_locked(temporary)
    try:
        for part in parts(content):
            write_all(file, part)
        os.fsync(file)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(file)


@contextmanager
def unfinished_folder(path: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write `files` to a temporary folder beside `path` and flush them. The block moves the folder or its files."""
    make_folder(path.parent)
    temporary = _temporary(path)
    folder = _make_locked(temporary)
    try:
        for leaf, content in files.items():
            with closing_file(create_file(temporary / leaf)) as file:
                write_all(file, content)
                os.fsync(file)
        os.fsync(folder)
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(folder)


def leftovers(root: Path) -> list[Path]:
    """Return the unfinished files and folders of dead writers under `root`."""
    return [path for path in _unfinished(root) if _is_abandoned(path)]


def sweep(root: Path) -> list[Path]:
    """Remove the `leftovers` under `root`, and return their paths."""
    return [path for path in _unfinished(root) if _is_abandoned(path, remove=True)]


def _unfinished(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        for name in (*files, *folders):
            if _UNFINISHED.fullmatch(name) or _EARLIER.fullmatch(name):
                yield Path(folder, name)
        folders[:] = [name for name in folders if not name.startswith(".")]


def _is_abandoned(path: Path, *, remove: bool = False) -> bool:
    """Return whether no writer holds `path`; if so, and if `remove` is True, remove it."""
    if path.is_symlink():
        if remove:
            path.unlink(missing_ok=True)
        return True
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:  # finished or removed in the meantime, or owned by another user
        return False
    with closing_file(file):
        if not acquire(file, wait=False):
            return False
        if remove:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        return True


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


def _create_locked(path: Path) -> int:
    while True:
        file = create_file(path)
        acquire(file)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)  # `sweep` removed it between its creation and its lock


def _make_locked(path: Path) -> int:
    while True:
        path.mkdir(mode=folder_mode())
        with suppress(FileNotFoundError):
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            acquire(folder)
            if os.fstat(folder).st_nlink:
                return folder
            os.close(folder)
