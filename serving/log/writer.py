"""The prediction log and the feedback log: records are queued in memory and written by a background thread.

A full or failing disk never stops or delays a prediction. While writes fail, records wait in memory up to a limit;
beyond it they are dropped. Both are counted and exported as metrics.

Not here: files (`migraine_assets.stores.prediction_log.segments`), the records (`...prediction_log.record`), reading
them (`...prediction_log.reader`), prediction ids (`migraine_assets.prediction.prediction_ids`).
"""

import datetime as dt
import itertools
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.record_block import Block
from migraine_assets.stores.prediction_log.segments import Segments, segments
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.store import Store
from serving.background import attempt
from serving.settings import ServingSettings


class Record(Protocol):
    """A record that a log accepts: a struct with its time in seconds since 1970."""

    @property
    def time(self) -> float: ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class LogState:
    """The counts of a log.

    `backlog`: records in memory. `dropped`: records lost. `failures`: failed writes. `problem`: the error of the last
    write, None if it succeeded.
    """

    backlog: int
    written: int
    dropped: int
    failures: int
    problem: str | None


class RecordLog(Generic[R]):
    """The log of one kind of records from one replica. `close` writes what is still in memory."""

    def __init__(self, target: Segments, *, flush_seconds: float, flush_records: int, limit: int) -> None:
        self._target = target
        self._seconds, self._records, self._limit = flush_seconds, flush_records, limit
        self._queue: deque[tuple[R, int]] = deque()
        self._waiting, self._counting = 0, threading.Lock()
        self._written = self._dropped = self._failures = 0
        self._problem: str | None = None
        self._encode = msgspec.json.Encoder(enc_hook=_as_list).encode
        self._wake, self._stop = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="record-log", daemon=True)
        self._thread.start()

    def append(self, record: R, *, count: int = 1) -> None:
        """Queue `record`, which holds `count` predictions. Never waits for the disk, never raises."""
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
        """The current counts."""
        return LogState(self._waiting, self._written, self._dropped, self._failures, self._problem)

    @property
    def alive(self) -> bool:
        """Whether the writing thread runs."""
        return self._thread.is_alive()

    def flush(self) -> bool:
        """Write what is in memory now. Returns whether all of it was written."""
        with self._writing:
            while self._queue:
                if not self._write(self._batch()):
                    return False
        return True

    def close(self) -> None:
        """Write the rest and stop. Records that cannot be written now are lost."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self.flush()
        self._target.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._seconds)
            self._wake.clear()
            attempt("record-log", self.flush, on_error=self._failed)

    def _failed(self, error: Exception) -> None:
        self._failures, self._problem = self._failures + 1, repr(error)

    def _batch(self) -> list[tuple[R, int]]:
        """Take the oldest records, as many as are written at once."""
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
                # Queue again only what was not written, because a record must not appear twice.
                self._queue.extendleft(reversed(batch[done:]))
                return False
            done += len(records)
            self._count_written(sum(count for _, count in records), lost)
        return True

    def _count_written(self, count: int, lost: int) -> None:
        """Count `count` predictions that have left the queue, `lost` of which could not be encoded."""
        with self._counting:
            self._waiting -= count
            self._dropped += lost
        self._written, self._problem = self._written + count - lost, None

    def _lines(self, records: Iterable[tuple[R, int]]) -> tuple[list[bytes], int]:
        """Return the encoded records, and how many predictions could not be encoded."""
        lines, lost = [], 0
        for record, count in records:
            try:
                lines.append(self._encode(record) + b"\n")
            except (TypeError, ValueError, OverflowError):
                lost += count
        return lines, lost


class PredictionLog(RecordLog[PredictionRecord | Block]):
    """The prediction log of one replica. Participants appear under a pseudonym keyed with `secret`."""

    def __init__(self, target: Segments, *, secret: bytes, settings: ServingSettings) -> None:
        super().__init__(target, **_limits(settings))
        self._secret = secret

    def pseudonym(self, participant: str) -> str:
        """Return the keyed hash that is logged instead of `participant`."""
        return pseudonym(self._secret, participant)


class FeedbackLog(RecordLog[Feedback]):
    """Outcomes that users report later. Readers use the last one of each prediction, so repeating is harmless."""

    def __init__(self, target: Segments, *, settings: ServingSettings) -> None:
        super().__init__(target, **_limits(settings))


def open_prediction_log(store: Store, *, secret: bytes, settings: ServingSettings) -> PredictionLog:
    """Open the prediction log of this process in `store`."""
    target = segments(store, "predictions", segment_bytes=settings.segment_bytes)
    return PredictionLog(target, secret=secret, settings=settings)


def open_feedback(store: Store, *, settings: ServingSettings) -> FeedbackLog:
    """Open the feedback log of this process in `store`."""
    return FeedbackLog(segments(store, "feedback", segment_bytes=settings.segment_bytes), settings=settings)


def _limits(settings: ServingSettings) -> dict[str, Any]:
    return {
        "flush_seconds": settings.flush_seconds,
        "flush_records": settings.flush_records,
        "limit": settings.backlog_limit,
    }


def _day(record: Record) -> str:
    return dt.datetime.fromtimestamp(record.time, dt.UTC).date().isoformat()


def _as_list(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"A {type(value).__name__} cannot be written to a log.")
