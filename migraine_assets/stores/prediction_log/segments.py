"""Append-only segments of the log, with one writer each, on a local disk or in an object store.

A segment is a file of JSON lines. On a local disk it grows, every write is flushed to the disk, and an incomplete write
is truncated. In an object store, each write is a new, complete segment. Not here: when records are written
(`serving.log.writer`), reading (`stores.prediction_log.reader`).
"""

import os
import secrets
from pathlib import Path
from typing import Protocol

from migraine_assets.stores.file_modes import append_file, write_all
from migraine_assets.stores.store import Store

ROOT = "log"
SUFFIX = ".jsonl"


class Segments(Protocol):
    """The files to which one replica writes one kind of record."""

    def write(self, day: str, content: bytes) -> None:
        """Append complete lines to `day` (ISO 8601). Raises `OSError` or `StoreError`, with nothing appended."""

    def close(self) -> None:
        """Close the file. No write may follow."""


def segments(store: Store, kind: str, *, segment_bytes: int) -> Segments:
    """Return segments with a new writer of `kind` ("predictions", "feedback"). The first write creates the file."""
    writer = secrets.token_hex(6)
    if store.local:
        return LocalSegments(Path(store.path(f"{ROOT}/{kind}")), writer, segment_bytes=segment_bytes)
    return ObjectSegments(store, f"{ROOT}/{kind}", writer)


class LocalSegments:
    """Local files `<folder>/<day>/<writer>-<number>.jsonl`. A new file starts each day and after `segment_bytes`."""

    def __init__(self, folder: Path, writer: str, *, segment_bytes: int) -> None:
        self._folder, self._writer, self._limit = folder, writer, segment_bytes
        self._file: int | None = None
        self._day, self._size, self._number = "", 0, 0

    def write(self, day: str, content: bytes) -> None:
        """See `Segments`."""
        if self._file is None or self._day != day or self._size >= self._limit or self._removed(self._file):
            self._file = self._open(day)
        try:
            write_all(self._file, content)
            os.fsync(self._file)
        except OSError:
            self._undo(self._file)
            raise
        self._size += len(content)

    def close(self) -> None:
        """See `Segments`."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self, day: str) -> int:
        self.close()
        folder = self._folder / day
        file = append_file(folder / f"{self._writer}-{self._number:06d}{SUFFIX}", flags=os.O_EXCL)
        self._day, self._size, self._number = day, 0, self._number + 1
        return file

    def _undo(self, file: int) -> None:
        try:
            os.ftruncate(file, self._size)
        except OSError:
            # The incomplete last line stays. Readers skip it, and the next write starts a new segment.
            self.close()

    @staticmethod
    def _removed(file: int) -> bool:
        return os.fstat(file).st_nlink == 0


class ObjectSegments:
    """Objects `<folder>/<day>/<writer>-<number>.jsonl`, which are complete when they become visible."""

    def __init__(self, store: Store, folder: str, writer: str) -> None:
        self._store, self._folder, self._writer = store, folder, writer
        self._number = 0

    def write(self, day: str, content: bytes) -> None:
        """See `Segments`."""
        self._store.write(f"{self._folder}/{day}/{self._writer}-{self._number:06d}{SUFFIX}", content)
        self._number += 1

    def close(self) -> None:
        """See `Segments`."""
