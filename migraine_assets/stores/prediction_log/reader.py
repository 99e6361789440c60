"""Reading of the prediction log and the feedback while replicas write them.

Only complete lines are read; a truncated last line of a killed replica is not a record. A reader that continues from
its last progress reads each record once, whichever segments have grown since. Not here: writing
(`stores.prediction_log.segments`).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE, unless_damaged
from migraine_assets.stores.prediction_log import record_block
from migraine_assets.stores.prediction_log.prediction_ids import made_at
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.record_block import Block
from migraine_assets.stores.prediction_log.segments import ROOT, SUFFIX
from migraine_assets.stores.store import Store

T = TypeVar("T", PredictionRecord, Feedback)
KINDS: dict[type, str] = {PredictionRecord: "predictions", Feedback: "feedback"}


@dataclass(frozen=True)
class Progress:
    """The progress of a reader: the number of bytes read, by segment."""

    offsets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NewRecords(Iterable[T]):
    """New records, and the progress to continue from.

    `torn`: number of lines that are not a record. `damaged`: a sentence for each segment that has such lines or cannot
    be read; the rest of the log is read.
    """

    records: tuple[T, ...]
    torn: int
    progress: Progress
    damaged: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[T]:
        return iter(self.records)


def days(store: Store, kind: type[T]) -> list[str]:
    """Return the days (ISO 8601) that have records, oldest first."""
    return store.list(f"{ROOT}/{KINDS[kind]}")


def read(store: Store, kind: type[T], *, day: str, progress: Progress | None = None) -> NewRecords[T]:
    """Return the records of `day` (UTC) after `progress`."""
    offsets = dict(progress.offsets) if progress else {}
    records: list[T] = []
    damaged: list[str] = []
    torn = 0
    for segment in read_segments(store, kind, day=day, progress=progress):
        records += segment.records
        damaged += segment.damaged
        torn += segment.torn
        offsets |= segment.progress.offsets
    return NewRecords(tuple(records), torn, Progress(offsets), tuple(damaged))


def read_segments(
    store: Store, kind: type[T], *, day: str, progress: Progress | None = None
) -> Iterator[NewRecords[T]]:
    """Yield the new records of each segment of `day`, for days that do not fit into memory.

    Reading starts at the offsets in `progress`. A damaged segment yields no records, and its error is appended to
    `damaged`.
    """
    offsets = progress.offsets if progress else {}
    for path in _segments(store, kind, day):
        before = offsets.get(path, 0)
        damaged: list[str] = []
        content = unless_damaged(partial(store.read, path, start=before), damaged)
        if content is None:
            yield NewRecords((), 0, Progress({path: before}), tuple(damaged))
            continue
        complete = content[: content.rfind(b"\n") + 1]
        records: list[T] = []
        torn = 0
        for line in complete.split(b"\n")[:-1]:
            decoded = decode_line(kind, line)
            records += decoded
            torn += not decoded
        if torn:
            damaged.append(f"'{path}' in {store.uri} has {torn} lines that are not records.")
        yield NewRecords(tuple(records), torn, Progress({path: before + len(complete)}), tuple(damaged))


def find_record(store: Store, identity: str) -> PredictionRecord | None:
    """Return the record of the prediction `identity`; None if the log has none."""
    time = made_at(identity)
    if time is None:
        return None
    # The record is written shortly after its id is made, so possibly after midnight.
    for later in (0, 1):
        day = (time + dt.timedelta(days=later)).date().isoformat()
        for path in _segments(store, PredictionRecord, day):
            content = unless_damaged(partial(store.read, path), []) or b""
            for line in _lines_with(content, identity.encode()):
                for record in decode_line(PredictionRecord, line):
                    if record.id == identity:
                        return record
    return None


def latest_feedback(feedback: Iterable[Feedback]) -> dict[str, Feedback]:
    """Return the last feedback on each prediction, by id of the prediction."""
    latest: dict[str, Feedback] = {}
    for report in feedback:
        if report.prediction_id not in latest or latest[report.prediction_id].time <= report.time:
            latest[report.prediction_id] = report
    return latest


def decode_line(kind: type[T], line: bytes) -> tuple[T, ...]:
    """Return the records of one line; none if it is damaged. Never raises."""
    try:
        if line.startswith(record_block.PREFIX):
            records = record_block.records_of(_BLOCK.decode(line))
        else:
            records = (_DECODERS[kind].decode(line),)
        for record in records:
            _check_date(record)
    except (*UNREADABLE, StoreError):
        return ()
    return records  # type: ignore[return-value]  # blocks are in the log of predictions only


def _check_date(record: PredictionRecord | Feedback) -> None:
    """Raise `ValueError` if the predicted day is not a date."""
    if isinstance(record, PredictionRecord) and record.for_date:
        dt.date.fromisoformat(record.for_date)


def _segments(store: Store, kind: type[T], day: str) -> list[str]:
    folder = f"{ROOT}/{KINDS[kind]}/{day}"
    return [f"{folder}/{name}" for name in store.list(folder) if name.endswith(SUFFIX)]


def _lines_with(content: bytes, text: bytes) -> Iterator[bytes]:
    at = content.find(text)
    while at >= 0:
        end = content.find(b"\n", at)
        if end < 0:
            return
        yield content[content.rfind(b"\n", 0, at) + 1 : end]
        at = content.find(text, end)


_BLOCK = msgspec.json.Decoder(Block)
_DECODERS: dict[type, "msgspec.json.Decoder[Any]"] = {kind: msgspec.json.Decoder(kind) for kind in KINDS}
