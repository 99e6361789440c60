"""Reading the prediction log and the feedback: offline, while replicas write.

Here belong finding and decoding. Not here: writing (`segments`), and what the records are used for.

Whole lines only: a line that a killed replica left torn is no record. A reader that goes on from the progress of
the last time sees each record once, whichever segment it was added to meanwhile.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log import record_block
from migraine_assets.stores.prediction_log.record import Feedback, Receipt, made_at
from migraine_assets.stores.prediction_log.record_block import Block
from migraine_assets.stores.prediction_log.segments import ROOT, SUFFIX
from migraine_assets.stores.store import Store

T = TypeVar("T", Receipt, Feedback)
KINDS: dict[type, str] = {Receipt: "predictions", Feedback: "feedback"}


@dataclass(frozen=True)
class Progress:
    """How far each segment was read, in bytes; it can be kept as JSON."""

    offsets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found(Iterable[T]):
    """New records, the lines that are none, and the progress to go on from."""

    records: tuple[T, ...]
    torn: int
    progress: Progress

    def __iter__(self) -> Iterator[T]:
        return iter(self.records)


def days(store: Store, kind: type[T]) -> list[str]:
    """The days (ISO 8601) with a folder of their own, oldest first."""
    return store.list(f"{ROOT}/{KINDS[kind]}")


def read(store: Store, kind: type[T], *, day: str, progress: Progress | None = None) -> Found[T]:
    """The records of `day` (UTC, by their own time) beyond `progress`, segment by segment."""
    offsets = dict(progress.offsets) if progress else {}
    records: list[T] = []
    torn = 0
    for found in read_segments(store, kind, day=day, progress=progress):
        records += found.records
        torn += found.torn
        offsets |= found.progress.offsets
    return Found(tuple(records), torn, Progress(offsets))


def read_segments(store: Store, kind: type[T], *, day: str, progress: Progress | None = None) -> Iterator[Found[T]]:
    """The same one segment at a time, for days that are larger than memory."""
    offsets = progress.offsets if progress else {}
    for path in _segments(store, kind, day):
        before = offsets.get(path, 0)
        content = _beyond(store, path, before)
        whole = content[: content.rfind(b"\n") + 1]
        records: list[T] = []
        torn = 0
        for line in whole.splitlines():
            found = _decoded(kind, line)
            records += found
            torn += not found
        yield Found(tuple(records), torn, Progress({path: before + len(whole)}))


def find(store: Store, identity: str) -> Receipt | None:
    """The receipt of the prediction `identity`; None where the log has none."""
    made = made_at(identity)
    if made is None:
        return None
    # The receipt is written a little after its identity was made, maybe beyond midnight.
    for later in (0, 1):
        day = (made + dt.timedelta(days=later)).date().isoformat()
        for path in _segments(store, Receipt, day):
            for line in _lines_with(store.read(path), identity.encode()):
                for receipt in _decoded(Receipt, line):
                    if receipt.id == identity:
                        return receipt
    return None


def settled(feedback: Iterable[Feedback]) -> dict[str, Feedback]:
    """The last word on each prediction, by its id."""
    last: dict[str, Feedback] = {}
    for word in feedback:
        if word.prediction_id not in last or last[word.prediction_id].time <= word.time:
            last[word.prediction_id] = word
    return last


def _segments(store: Store, kind: type[T], day: str) -> list[str]:
    folder = f"{ROOT}/{KINDS[kind]}/{day}"
    return [f"{folder}/{name}" for name in store.list(folder) if name.endswith(SUFFIX)]


def _beyond(store: Store, path: str, offset: int) -> bytes:
    content: bytes = store.fs.cat_file(store.path(path), start=offset) if offset else store.read(path)
    return content


def _lines_with(content: bytes, text: bytes) -> Iterator[bytes]:
    at = content.find(text)
    while at >= 0:
        end = content.find(b"\n", at)
        if end < 0:
            return
        yield content[content.rfind(b"\n", 0, at) + 1 : end]
        at = content.find(text, end)


def _decoded(kind: type[T], line: bytes) -> tuple[T, ...]:
    """The records of one line: none where it is torn."""
    try:
        if line.startswith(record_block.PREFIX):
            return record_block.receipts_of(_BLOCK.decode(line))  # type: ignore[return-value]  # only in that log
        return (_DECODERS[kind].decode(line),)
    except (msgspec.DecodeError, StoreError):
        return ()


_BLOCK = msgspec.json.Decoder(Block)
_DECODERS: dict[type, "msgspec.json.Decoder[Any]"] = {kind: msgspec.json.Decoder(kind) for kind in KINDS}
