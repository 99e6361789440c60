"""Modes of files and folders, which prevent other users of the machine from reading the platform's files.

A file is created with its mode, so that others can never read it. Not here: temporary files (`stores.unfinished`),
locks (`stores.locks`).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_group = False


def restrict(*, group: bool) -> None:
    """Set the umask of this process, so that others cannot read files that libraries create (databases, logs).

    `group`: whether the group of the files may read them (0750 and 0640 instead of 0700 and 0600).
    """
    global _group
    _group = group
    os.umask(0o027 if group else 0o077)


def file_mode() -> int:
    """Return the mode of new files."""
    return 0o640 if _group else 0o600


def folder_mode() -> int:
    """Return the mode of new folders."""
    return 0o750 if _group else 0o700


def make_folder(folder: Path) -> None:
    """Create `folder` and its missing parents, each with `folder_mode`."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with suppress(FileExistsError):
            path.mkdir(mode=folder_mode())
    # Raises an error if something other than a folder has this name.
    folder.mkdir(exist_ok=True)


def append_file(path: Path, *, flags: int = 0) -> int:
    """Open `path` for appending, and return a descriptor. A new file has the mode `file_mode`."""
    make_folder(path.parent)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | flags, file_mode())


@contextmanager
def closing_file(file: int) -> Iterator[int]:
    """Close the descriptor at the end of this block."""
    try:
        yield file
    finally:
        os.close(file)


def readable_by_others(root: Path) -> list[Path]:
    """Return `root`, and the files and folders of this user under it, if they have more permissions than allowed."""
    return [path for path, _ in _too_open(root)]


def close_to_others(root: Path) -> list[Path]:
    """Remove the excess permissions of `readable_by_others`, and return the changed paths."""
    changed = []
    for path, mode in _too_open(root):
        path.chmod(mode)
        changed.append(path)
    return changed


def _too_open(root: Path) -> Iterator[tuple[Path, int]]:
    allowed = folder_mode()  # with x, so that a script stays executable
    for folder, folders, files in os.walk(root):
        names = [*files, *folders, *([""] if folder == str(root) else [])]
        for name in names:
            path = Path(folder, name)
            with suppress(FileNotFoundError):
                status = path.lstat()
                excess = stat.S_IMODE(status.st_mode) & ~allowed & 0o777
                if excess and not stat.S_ISLNK(status.st_mode) and status.st_uid == os.geteuid():
                    yield path, stat.S_IMODE(status.st_mode) & ~excess


def create_file(path: Path) -> int:
    """Create the file `path`, which must not exist, and return a descriptor for writing."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, file_mode())


def write_all(file: int, content: bytes) -> None:
    """Write all of `content`, in as many system calls as needed."""
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[os.write(file, remaining) :]
