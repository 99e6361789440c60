"""Everything in the store that tells of one participant: found, and taken out.

Here belong the places and how each forgets. Not here: which deliveries hold the participant (whoever can read diaries
says so), what is printed (`cli.commands.erase`).

One walk does both: with `write` a place is changed after it was found. Each file is replaced whole or removed, so that
a walk that was killed is simply repeated.
"""

import datetime as dt
import io
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.assets import cache, current_values, deliveries, frames
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.monitoring import collection, reported_outcomes
from migraine_assets.stores.prediction_log import record_block
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord, pseudonym
from migraine_assets.stores.prediction_log.segments import ROOT, SUFFIX
from migraine_assets.stores.store import Store

RECORDS = "erasures"
REWRITTEN = "written anew without"
REMOVED = "removed; the next run makes it again from its source"
# A replica still writes there.
LATER = "left: it is written to; erase again tomorrow (UTC)"


@dataclass(frozen=True)
class Person:
    """Who is to be forgotten: the id of the diary, the keyed hash in the log; and the day (UTC) that still grows."""

    participant: str
    pseudonym: str
    today: dt.date


@dataclass(frozen=True)
class Trace:
    """Something that tells of the person: where, how many records or rows, and what becomes of it."""

    place: str
    kind: str
    count: int
    then: str


def person_of(participant: str, *, secret: bytes, today: dt.date) -> Person:
    """The person whom a diary calls `participant`, under the secret that the service uses."""
    return Person(participant, pseudonym(secret, participant), today)


def log_traces(store: Store, person: Person, *, write: bool) -> Iterator[Trace]:
    """Receipts and feedback, as replicas wrote them and as they were collected; outcomes of later diaries.

    Feedback knows only the identities of predictions: it goes before the receipts that say whose they are.
    """
    ids = frozenset(_ids(store, person))
    for path, day in _segments(store, "feedback"):
        yield from _segment(store, path, "feedback", day, person, write=write, told_by=ids)
    yield from _tables(store, f"{collection.FOLDER}/feedback", "id", ids, kind="feedback", write=write)
    for path, day in _segments(store, "predictions"):
        yield from _segment(store, path, "receipts", day, person, write=write, told_by=(person.pseudonym,))
    mine = (person.pseudonym,)
    yield from _tables(store, f"{collection.FOLDER}/predictions", "participant", mine, kind="receipts", write=write)
    yield from _tables(store, reported_outcomes.FOLDER, "participant", mine, kind="outcomes", write=write)


def frame_traces(store: Store, person: Person, *, write: bool) -> Iterator[Trace]:
    """What was made of the diary: every frame that names the person, with the pointers and notes that lead to it."""
    for asset in store.list(frames.FRAMES):
        for leaf in store.list(f"{frames.FRAMES}/{asset}"):
            path = f"{frames.FRAMES}/{asset}/{leaf}"
            if not (count := _rows_of(store, path, person.participant)):
                continue
            if write:
                for naming in _naming(store, leaf.removesuffix(".parquet")):
                    store.delete(naming)
                store.delete(path)
            yield Trace(path, "rows", count, REMOVED)


def delivery_traces(store: Store, holding: Mapping[str, int], *, when: str, write: bool) -> Iterator[Trace]:
    """The kept bytes of accepted diaries. `holding`: MD5 of those that hold the person, and the rows."""
    for identity, rows in holding.items():
        if write:
            deliveries.erase(store, identity, also_erased=set(holding), when=when)
        yield Trace(f"accepted diary {identity}", "rows", rows, "removed; its entry in the log stays")


def models_of(store: Store, data_versions: Collection[str]) -> tuple[str, ...]:
    """The bundles that were trained on a diary of one of these MD5s."""
    return tuple(name for name in store.list("bundles") if load_manifest(store, name).data_version in data_versions)


def record(
    store: Store, person: Person, *, who: str, when: str, traces: Collection[Trace], models: Collection[str]
) -> str:
    """Write down that the person was erased, by the keyed hash alone; where it was written."""
    counts: dict[str, int] = {}
    for trace in traces:
        counts[trace.kind] = counts.get(trace.kind, 0) + trace.count
    content = {"participant": person.pseudonym, "who": who, "when": when, "erased": counts, "models": sorted(models)}
    number = len(store.list(RECORDS)) + 1
    while not store.create(f"{RECORDS}/{number:06d}.json", json.dumps(content, indent=1, sort_keys=True).encode()):
        number += 1
    return f"{RECORDS}/{number:06d}.json"


def _segments(store: Store, kind: str) -> Iterator[tuple[str, str]]:
    for day in store.list(f"{ROOT}/{kind}"):
        folder = f"{ROOT}/{kind}/{day}"
        yield from ((f"{folder}/{leaf}", day) for leaf in store.list(folder) if leaf.endswith(SUFFIX))


def _ids(store: Store, person: Person) -> Iterator[str]:
    """The identities of the person's predictions."""
    mark = person.pseudonym.encode()
    for path, _ in _segments(store, "predictions"):
        for line in store.read(path).splitlines():
            if mark in line:
                yield from (found.id for found in _receipts(line) if found.participant == person.pseudonym)
    for day in collection.collected_days(store, "predictions"):
        table = collection.read_collected(store, "predictions", day, ["id", "participant"]).to_pydict()
        pairs = zip(table["id"], table["participant"], strict=True)
        yield from (identity for identity, participant in pairs if participant == person.pseudonym)


def _segment(
    store: Store, path: str, kind: str, day: str, person: Person, *, write: bool, told_by: Collection[str]
) -> Iterator[Trace]:
    kept, gone = [], 0
    for line in store.read(path).splitlines(keepends=True):
        left, count = (_feedback_left if kind == "feedback" else _receipts_left)(line, told_by)
        kept.append(left)
        gone += count
    if not gone:
        return
    if day >= person.today.isoformat():
        yield Trace(path, kind, gone, LATER)
        return
    if write:
        store.write(path, b"".join(kept))
    yield Trace(path, kind, gone, REWRITTEN)


def _receipts_left(line: bytes, mine: Collection[str]) -> tuple[bytes, int]:
    """A line of the log without the person's receipts. What cannot be read and holds the hash goes as a whole."""
    if not any(name.encode() in line for name in mine):
        return line, 0
    found = _receipts(line)
    others = [each for each in found if each.participant not in mine]
    if found and len(others) == len(found):
        return line, 0
    return b"".join(msgspec.json.encode(each) + b"\n" for each in others), len(found) - len(others) or 1


def _feedback_left(line: bytes, ids: Collection[str]) -> tuple[bytes, int]:
    try:
        mine = msgspec.json.decode(line, type=Feedback).prediction_id in ids
    except msgspec.DecodeError:
        mine = False
    return (b"", 1) if mine else (line, 0)


def _receipts(line: bytes) -> tuple[PredictionRecord, ...]:
    try:
        if line.startswith(record_block.PREFIX):
            return record_block.records_of(msgspec.json.decode(line, type=record_block.Block))
        return (msgspec.json.decode(line, type=PredictionRecord),)
    except (msgspec.DecodeError, StoreError):
        return ()


def _tables(
    store: Store, folder: str, column: str, mine: Collection[str], *, kind: str, write: bool
) -> Iterator[Trace]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for leaf in store.list(folder):
        table = pq.read_table(io.BytesIO(store.read(f"{folder}/{leaf}")))
        is_mine = pc.is_in(table.column(column), value_set=pa.array(list(mine), pa.string()))
        if not (count := int(pc.sum(is_mine).as_py() or 0)):
            continue
        if write:
            sink = io.BytesIO()
            pq.write_table(table.filter(pc.invert(is_mine)), sink, compression="zstd")
            store.write(f"{folder}/{leaf}", sink.getvalue())
        yield Trace(f"{folder}/{leaf}", kind, count, REWRITTEN)


def _rows_of(store: Store, path: str, participant: str) -> int:
    """Rows of which any text is the participant's id: quarantined rows hold it in columns of other names too."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(store.read(path)))
    found: Any = pa.array([False] * table.num_rows, pa.bool_())
    for name in table.schema.names:
        column = table.column(name).combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            found = pc.or_(found, pc.fill_null(pc.equal(column, participant), False))
    return int(pc.sum(found).as_py() or 0)


def _naming(store: Store, version: str) -> Iterator[str]:
    """Yield the current and cached values that refer to the frame of this hash."""
    mark = version.encode()
    for path in (*current_values.paths(store), *(f"{cache.FOLDER}/{leaf}" for leaf in store.list(cache.FOLDER))):
        if mark in store.read(path):
            yield path
