"""Local files: listing the regular files of a folder, and reading one of them up to a size limit.

Only regular files are read, because a pipe or a device could block the process or fill its memory. Symbolic links
inside a folder are not followed, because they would add files from elsewhere to a delivery. Not here: other file
systems (`sources.files.fetch`).
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

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
    with open_regular(path, follow=follow) as file:
        # Do not read a file that is too large: a sparse file can have a huge size at no cost.
        size = os.fstat(file.fileno()).st_size
        if size > at_most:
            return b"\0" * (at_most + 1)
        # Reading at_most + 1 bytes at once would reserve that memory. The file may also have grown in the meantime.
        content = file.read(size + 1)
        return content if len(content) <= size else content + file.read(at_most + 1 - len(content))


def open_regular(path: str, *, follow: bool, version: tuple[int, int] | None = None) -> BinaryIO:
    """Open a regular file. Raises like `read_regular`, and `DataRefused` if its size or time differs from `version`."""
    if not follow and Path(path).is_symlink():
        raise DataRefused(f"'{path}' is a symbolic link, which is not followed. Copy the file instead.")
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise DataRefused(f"'{path}' is not a regular file. Copy its content into a file.")
    descriptor = os.open(path, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW)
    status = os.fstat(descriptor)
    problem = (
        "is not a regular file. Copy its content into a file." if not stat.S_ISREG(status.st_mode)
        else "was changed while it was read. Try again." if version not in (None, version_of(status))
        else ""
    )  # fmt: skip
    if problem:
        os.close(descriptor)
        raise DataRefused(f"'{path}' {problem}")
    return os.fdopen(descriptor, "rb")


def version_of(status: os.stat_result) -> tuple[int, int]:
    """Return the size (bytes) and the modification time (nanoseconds) of a file, which change when it is written."""
    return status.st_size, status.st_mtime_ns


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
