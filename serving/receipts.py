"""The prediction log and the feedback: taken at once, written by a thread of their own.

Here belong the queue, its limit and when it is flushed. Not here: files (`stores.segments`), the records
(`stores.receipt`), reading (`stores.log_reading`).

Nothing that happens to the disk stops or slows a prediction: while it refuses, records wait in memory up to a
limit, beyond which they are dropped, and both are counted and shown.
"""

import datetime as dt
import itertools
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores import receipt
from migraine_assets.stores.filesystem import Store
from migraine_assets.stores.receipt import Feedback, Receipt
from migraine_assets.stores.segments import Segments, segments
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
        self._queue: deque[R] = deque()
        self._written = self._dropped = self._failures = 0
        self._problem: str | None = None
        self._encode = msgspec.json.Encoder(enc_hook=_plain).encode
        self._wake, self._stop = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
        self._thread.start()

    def append(self, record: R) -> None:
        """Take `record`. Never waits, never raises."""
        waiting = len(self._queue)
        if waiting >= self._limit:
            self._dropped += 1
            return
        self._queue.append(record)
        if waiting + 1 == self._records:
            self._wake.set()

    @property
    def state(self) -> LogState:
        """How it goes."""
        return LogState(len(self._queue), self._written, self._dropped, self._failures, self._problem)

    @property
    def alive(self) -> bool:
        """Whether somebody still writes."""
        return self._thread.is_alive()

    def flush(self) -> bool:
        """Write what is in memory now; whether all of it was written."""
        with self._writing:
            while self._queue:
                if not self._write(min(len(self._queue), self._records)):
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

    def _write(self, count: int) -> bool:
        batch = [self._queue.popleft() for _ in range(count)]
        done = 0
        for day, group in itertools.groupby(batch, key=_day):
            records = list(group)
            lines = self._lines(records)
            try:
                self._target.write(day, b"".join(lines))
            except (OSError, StoreError) as error:
                self._failures, self._problem = self._failures + 1, str(error)
                # Only what was not written: a record must not appear twice.
                self._queue.extendleft(reversed(batch[done:]))
                return False
            done += len(records)
            self._written, self._problem = self._written + len(lines), None
        return True

    def _lines(self, records: Iterable[R]) -> list[bytes]:
        lines = []
        for record in records:
            try:
                lines.append(self._encode(record) + b"\n")
            except (TypeError, ValueError, OverflowError):
                self._dropped += 1
        return lines


class ReceiptLog(RecordLog[Receipt]):
    """The prediction log of one replica, and the identities that it gives."""

    def __init__(self, target: Segments, *, secret: bytes, settings: ServingSettings) -> None:
        super().__init__(target, **_limits(settings))
        self._secret = secret

    def make_id(self) -> str:
        """A new prediction id."""
        return receipt.make_id(self._secret, time=time.time())

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
