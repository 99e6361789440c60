"""Sheets of files with native decoders, read in a worker process: a hostile file can crash only that process.

The worker starts with the first file, is reused for the next ones, and ends by itself after a while without files. Not
here: the process itself (`migraine_assets.worker_process`), the code that runs in it (`sources.decoder_worker`), the
formats (`sources.importers.formats`).
"""

import atexit
import dataclasses
import mmap
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from migraine_assets.errors import DataRefused, MigraineError
from migraine_assets.sources.files.limits import MIB, SourceLimits, exceeded
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.worker_process import SharedMemory, WorkerDied, WorkerProcess

_WORKER = "migraine_assets.sources.decoder_worker"
# Memory limit of decoding, as a multiple of the limit on expanded files: columns are copied when they are concatenated.
_MEMORY = 4
# Limit on the processor time of one request. The largest workbook takes about two minutes.
_SECONDS = 900.0


class Answer(msgspec.Struct, frozen=True):
    """An answer of the worker: see `sources.decoder_worker`."""

    refused: str = ""
    memory: bool = False
    header: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    size: int = 0


class Decoder:
    """A reader of files in a worker process, one at a time. `seconds`: the limit on the processor time of a request."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._started = (0, 0)

    @property
    def worker(self) -> WorkerProcess | None:
        """The worker process, or None if none is running."""
        return self._worker

    def sheet(self, kind: str, name: str, content: bytes, *, limits: SourceLimits, title: str | None = None) -> Sheet:
        """Return the sheet of a file with the content `content` in the format `kind`, of a workbook the sheet `title`.

        Raises `DataRefused` if the reader of the format refuses the file, or if the file crashes the worker or exceeds
        its limits.
        """
        answer, (lines, *cells) = self._ask(kind, name, content, limits, None, title)

        def load(positions: Sequence[int]) -> list[pa.Array]:
            if cells:
                return [cells[position] for position in positions]
            return self._ask(kind, name, content, limits, list(positions))[1]

        numbers = np.asarray(lines.to_numpy(zero_copy_only=False), dtype=np.int64)
        return Sheet(name, answer.header, numbers, {}, load, notes=answer.notes)

    def close(self) -> None:
        """End the worker process."""
        with self._lock:
            self._end()

    def _ask(
        self,
        kind: str,
        name: str,
        content: bytes,
        limits: SourceLimits,
        positions: list[int] | None,
        title: str | None = None,
    ) -> tuple[Answer, list[pa.Array]]:
        """Return the answer to one request, and its columns.

        `positions`: the columns to read; None for the header, the line numbers and, if the format requires it, all
        columns.
        """
        request = {
            "format": kind,
            "name": name,
            "size": len(content),
            "limits": dataclasses.asdict(limits),
            "positions": positions,
            "title": title,
        }
        shared, room = SharedMemory(len(content)), _growing_file()
        try:
            shared.content[: len(content)] = content
            answer = self._answer(request, (shared.descriptor, room), limits)
            if answer.memory:
                raise exceeded(name, "takes too much memory to decode", "expanded_mib", limits.expanded_mib)
            if answer.refused:
                raise DataRefused(answer.refused)
            return answer, _columns(room, answer.size)
        finally:
            shared.close()
            os.close(room)

    def _answer(self, request: dict[str, object], shared: Sequence[int], limits: SourceLimits) -> Answer:
        with self._lock:
            while True:
                reused = self._usable(limits)
                worker = self._worker or self._start(limits)
                try:
                    worker.send(request, shared)
                    return worker.frame(Answer, lambda: None)
                except WorkerDied:
                    self._end()
                    # An idle worker can end just when it receives a request, so the request is repeated with a new
                    # worker.
                    if not reused:
                        raise _deadly(str(request["name"]), worker.exit_code or 0, self._seconds) from None
                except BaseException:  # the pending answer must not be read as that of the next file
                    self._end()
                    raise

    def _usable(self, limits: SourceLimits) -> bool:
        """Return whether a worker can be reused. One that ended, has other limits or predates a fork is dropped."""
        if self._worker is not None and (self._worker.exit_code is not None or self._started != _started(limits)):
            self._end()
        return self._worker is not None

    def _start(self, limits: SourceLimits) -> WorkerProcess:
        self._started = _started(limits)
        try:
            self._worker = WorkerProcess(_WORKER, str(self._started[1]), str(self._seconds))
            self._worker.await_ready(lambda: None)
        except (OSError, WorkerDied) as error:
            self._end()
            raise MigraineError(f"The process that decodes files does not start ({error}). Try again.") from error
        return self._worker

    def _end(self) -> None:
        if self._worker is not None and self._started[0] == os.getpid():
            self._worker.end()
        self._worker = None


def _started(limits: SourceLimits) -> tuple[int, int]:
    """Return the id of this process and the memory limit of a worker in bytes. A worker is reused if both are equal."""
    return os.getpid(), _MEMORY * limits.expanded_mib * MIB


def _growing_file() -> int:
    """Return the descriptor of an empty file in memory or, on systems other than Linux, of an unlinked file."""
    if sys.platform == "linux":
        return os.memfd_create("columns", os.MFD_CLOEXEC)
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


def _columns(room: int, size: int) -> list[pa.Array]:
    """Return the columns in `room` without a copy. Its memory is released together with the columns."""
    if not size:
        return []
    mapped = mmap.mmap(room, size, prot=mmap.PROT_READ)
    batch: pa.RecordBatch = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).get_batch(0)
    return list(batch.columns)


def _deadly(name: str, exit_code: int, seconds: float) -> DataRefused:
    if exit_code == -signal.SIGKILL:
        return DataRefused(f"{name} takes more memory to decode than this machine has. Split it, or export it as CSV.")
    if exit_code == -signal.SIGPROF:
        return DataRefused(f"{name} takes more than {seconds:g} s to decode. Split it, or export it as CSV.")
    ended = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return DataRefused(
        f"{name} ended the process that decodes it ({ended}): it is damaged or malicious. Export it again, or as CSV."
    )


DECODER = Decoder()
atexit.register(DECODER.close)
