"""Local files: listing the regular files of a folder, and reading one of them up to a size limit.

Only regular files are read, because a pipe or a device could block the process or fill its memory. Symbolic links
inside a folder are not followed, because they would add files from elsewhere to a delivery. Not here: other file
systems (`sources.files.fetch`).
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from migraine_assets.errors import DataRefused

# O_NONBLOCK, because opening a named pipe would otherwise wait for a writer.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def regular_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield name (relative, with `/`) and status of every regular file under `folder`, in order of the names."""
    yield from sorted((name, status) for name, status in _entries(folder) if stat.S_ISREG(status.st_mode))


def special_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the links, pipes and devices under `folder`."""
    return tuple(sorted(name for name, status in _entries(folder) if not stat.S_ISREG(status.st_mode)))


def read_regular(path: str, *, at_most: int, follow: bool) -> bytes:
    """Return the content of a regular file; if it is larger than `at_most`, return `at_most + 1` bytes.

    `follow`: whether `path` may be a symbolic link. Raises `DataRefused` if it is not a regular file, `OSError` if it
    cannot be read.
    """
    if not follow and Path(path).is_symlink():
        raise DataRefused(f"'{path}' is a symbolic link, which is not followed. Copy the file instead.")
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise DataRefused(f"'{path}' is not a regular file. Copy its content into a file.")
    descriptor = os.open(path, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DataRefused(f"'{path}' is not a regular file. Copy its content into a file.")
        # Do not read a file that is too large: a sparse file can have a huge size at no cost.
        return file.read(at_most + 1) if status.st_size <= at_most else b"\0" * (at_most + 1)


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for parent, folders, names in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in (*names, *links):
            path = Path(parent) / name
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            yield path.relative_to(folder).as_posix(), status
