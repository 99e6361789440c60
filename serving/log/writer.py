"""The prediction log and the feedback: taken at once, written by a thread of their own.

Here belong the queue, its limit and when it is flushed. Not here: files (`stores.prediction_log.segments`), the records
(`stores.prediction_log.record`), reading (`stores.prediction_log.reader`).

Nothing that happens to the disk stops or slows a prediction: while it refuses, records wait in memory up to a
limit, beyond which they are dropped, and both are counted and shown.
"""

import datetime as dt
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log import record as receipt
from migraine_assets.stores.prediction_log.record import Feedback, Receipt
from migraine_assets.stores.prediction_log.record_block import Block
from migraine_assets.stores.prediction_log.segments import Segments, segments
from migraine_assets.stores.store import Store
from serving.settings import ServingSettings


class Record(Protocol):
    """What a log takes: any structure with a time, in seconds since 1970."""

    @property
    def time(self) -> float: ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class LogState:
    """`backlog`: records in memory. `dropped`: lost for ever. `failures`: writes that failed; `problem`: the last,
    None once a write succeeded.
    """

    backlog: int
    written: int
    dropped: int
    failures: int
    problem: str | None


class RecordLog(Generic[R]):
    """Records of one kind from one replica. `close` writes what is still in memory."""

    def __init__(self, target: Segments, *, flush_seconds: float, flush_records: int, limit: int) -> None:
        self._target = target
        self._seconds, self._records, self._limit = flush_seconds, flush_records, limit
        self._queue: deque[tuple[R, int]] = deque()
        self._waiting, self._counting = 0, threading.Lock()
        self._written = self._dropped = self._failures = 0
        self._problem: str | None = None
        self._encode = msgspec.json.Encoder(enc_hook=_plain).encode
        self._wake, self._stop = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
        self._thread.start()

    def append(self, record: R, *, count: int = 1) -> None:
        """Take `record`, which stands for `count` of them. Never waits for the disk, never raises."""
        with self._counting:
            if self._waiting >= self._limit:
                self._dropped += count
                return
            before, self._waiting = self._waiting, self._waiting + count
            self._queue.append((record, count))
        if before < self._records <= before + count:
            self._wake.set()

    @property
    def state(self) -> LogState:
        """How it goes."""
        return LogState(self._waiting, self._written, self._dropped, self._failures, self._problem)

    @property
    def alive(self) -> bool:
        """Whether somebody still writes."""
        return self._thread.is_alive()

    def flush(self) -> bool:
        """Write what is in memory now; whether all of it was written."""
        with self._writing:
            while self._queue:
                if not self._write(self._batch()):
                    return False
        return True

    def close(self) -> None:
        """Write the rest and stop. Whatever cannot be written now is lost."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self.flush()
        self._target.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._seconds)
            self._wake.clear()
            self.flush()

    def _batch(self) -> list[tuple[R, int]]:
        """The oldest of what waits, as many as are written at once."""
        taken, size = [], 0
        while self._queue and size < self._records:
            taken.append(self._queue.popleft())
            size += taken[-1][1]
        return taken

    def _write(self, batch: list[tuple[R, int]]) -> bool:
        done = 0
        for day, group in itertools.groupby(batch, key=lambda taken: _day(taken[0])):
            records = list(group)
            lines, lost = self._lines(records)
            try:
                self._target.write(day, b"".join(lines))
            except (OSError, StoreError) as error:
                self._failures, self._problem = self._failures + 1, str(error)
                # Only what was not written: a record must not appear twice.
                self._queue.extendleft(reversed(batch[done:]))
                return False
            done += len(records)
            self._settle(sum(count for _, count in records), lost)
        return True

    def _settle(self, count: int, lost: int) -> None:
        """`count` records wait no longer; `lost` of them could not be written."""
        with self._counting:
            self._waiting -= count
            self._dropped += lost
        self._written, self._problem = self._written + count - lost, None

    def _lines(self, records: Iterable[tuple[R, int]]) -> tuple[list[bytes], int]:
        """The lines, and for how many records there is none."""
        lines, lost = [], 0
        for record, count in records:
            try:
                lines.append(self._encode(record) + b"\n")
            except (TypeError, ValueError, OverflowError):
                lost += count
        return lines, lost


class RandomBytes:
    """`os.urandom` with a store: asking the system for a few bytes at a time lets other threads in each time."""

    def __init__(self, *, store: int = 1 << 16) -> None:
        self._store, self._bytes, self._lock = store, memoryview(b""), threading.Lock()

    def __call__(self, count: int) -> bytes:
        with self._lock:
            if len(self._bytes) < count:
                self._bytes = memoryview(os.urandom(max(self._store, count)))
            taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return bytes(taken)


class ReceiptLog(RecordLog[Receipt | Block]):
    """The prediction log of one replica, and the identities that it gives."""

    def __init__(self, target: Segments, *, secret: bytes, settings: ServingSettings) -> None:
        super().__init__(target, **_limits(settings))
        self._secret, self._random = secret, RandomBytes()

    def make_ids(self, count: int) -> list[str]:
        """New prediction ids."""
        return receipt.make_ids(self._secret, count, time=time.time(), random=self._random)

    def is_genuine(self, identity: str) -> bool:
        """Whether some replica of this service gave `identity`."""
        return receipt.is_genuine(self._secret, identity)

    known = is_genuine

    def pseudonym(self, participant: str) -> str:
        """The keyed hash of `participant` that is logged in its place."""
        return receipt.pseudonym(self._secret, participant)


class FeedbackLog(RecordLog[Feedback]):
    """What users tell later. Repeating it changes nothing: readers take the last word on each prediction."""

    def __init__(self, target: Segments, *, settings: ServingSettings) -> None:
        super().__init__(target, **_limits(settings))


def open_receipts(store: Store, *, secret: bytes, settings: ServingSettings) -> ReceiptLog:
    """The prediction log of this process in `store`."""
    target = segments(store, "predictions", segment_bytes=settings.segment_bytes)
    return ReceiptLog(target, secret=secret, settings=settings)


def open_feedback(store: Store, *, settings: ServingSettings) -> FeedbackLog:
    """The feedback log of this process in `store`."""
    return FeedbackLog(segments(store, "feedback", segment_bytes=settings.segment_bytes), settings=settings)


def _limits(settings: ServingSettings) -> dict[str, Any]:
    return {
        "flush_seconds": settings.flush_seconds,
        "flush_records": settings.flush_records,
        "limit": settings.backlog_limit,
    }


def _day(record: Record) -> str:
    return dt.datetime.fromtimestamp(record.time, dt.UTC).date().isoformat()


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in a record")
