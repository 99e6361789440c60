"""Sheets of formats with a native decoder, read in a process of its own: a hostile file ends that process only.

The process is started with the first file, kept for the next ones, and ends by itself when no other comes. Not here:
the process (`migraine_assets.worker_process`), what it does (`sources.decoder_worker`), the formats.
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
# Memory that decoding may take, as a multiple of what a file may expand to: columns are copied when they are joined.
_MEMORY = 4
# Processor time for one request. The largest workbook takes about two minutes.
_SECONDS = 900.0


class Answer(msgspec.Struct, frozen=True):
    """An answer of the worker: see `sources.decoder_worker`."""

    refused: str = ""
    memory: bool = False
    header: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    size: int = 0


class Decoder:
    """Reads one file at a time. `seconds`: processor time for one request."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._started = (0, 0)

    @property
    def worker(self) -> WorkerProcess | None:
        """The process, if one was started."""
        return self._worker

    def sheet(self, kind: str, name: str, content: bytes, *, limits: SourceLimits) -> Sheet:
        """Return the sheet that the reader of the format `kind` returns for `content`.

        Raises what that reader raises, and `DataRefused` for a file that ends the process or takes too much memory.
        """
        answer, (lines, *cells) = self._ask(kind, name, content, limits, None)

        def load(positions: Sequence[int]) -> list[pa.Array]:
            if cells:
                return [cells[position] for position in positions]
            return self._ask(kind, name, content, limits, list(positions))[1]

        numbers = np.asarray(lines.to_numpy(zero_copy_only=False), dtype=np.int64)
        return Sheet(name, answer.header, numbers, {}, load, notes=answer.notes)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(
        self, kind: str, name: str, content: bytes, limits: SourceLimits, positions: list[int] | None
    ) -> tuple[Answer, list[pa.Array]]:
        """Return the answer to one request and its columns. `positions`: None for the header and the line numbers."""
        request = {
            "format": kind,
            "name": name,
            "size": len(content),
            "limits": dataclasses.asdict(limits),
            "positions": positions,
        }
        sent, room = SharedMemory(len(content)), _growing_file()
        try:
            sent.content[: len(content)] = content
            answer = self._answer(request, (sent.descriptor, room), limits)
            if answer.memory:
                raise exceeded(name, "takes too much memory to decode", "expanded_mib", limits.expanded_mib)
            if answer.refused:
                raise DataRefused(answer.refused)
            return answer, _columns(room, answer.size)
        finally:
            sent.close()
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
                    # A worker that was idle may have ended in the moment in which it was asked: another one is asked.
                    if not reused:
                        raise _deadly(str(request["name"]), worker.exit_code or 0, self._seconds) from None
                except BaseException:  # given up halfway: the answer must not be taken for that of the next file
                    self._end()
                    raise

    def _usable(self, limits: SourceLimits) -> bool:
        """Return whether there is a worker, and drop one that has ended, has other limits, or is of before a fork."""
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
    """Return what a worker belongs to: this process, and the bytes of memory that it may take."""
    return os.getpid(), _MEMORY * limits.expanded_mib * MIB


def _growing_file() -> int:
    """Return the descriptor of a file in memory, or without a name where there are none."""
    if sys.platform == "linux":
        return os.memfd_create("columns", os.MFD_CLOEXEC)
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


def _columns(room: int, size: int) -> list[pa.Array]:
    """Return the columns in `room` without a copy: its memory is released with them."""
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
        f"{name} ended the process that decodes it ({ended}): it is damaged, or made to do harm. "
        "Export it again, or as CSV."
    )


DECODER = Decoder()
atexit.register(DECODER.close)
