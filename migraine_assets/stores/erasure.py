"""Erasure of a participant: finding all traces in the store, and removing them.

The same functions list traces and, if `write` is True, remove them. Files are replaced atomically or deleted, so that
an erasure that was killed can be repeated. A damaged file does not stop them; its error is appended to `damaged`. Not
here: finding the deliveries of the participant (`cli.participant_search`), the command (`cli.commands.erase`).
"""

import datetime as dt
import io
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.assets import cache, current_values, delivery_files, frames
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.documents import read_table, unless_damaged
from migraine_assets.stores.monitoring import collection, reported_outcomes
from migraine_assets.stores.prediction_log.reader import decode_line
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.segments import ROOT, SUFFIX
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

RECORDS = "erasures"
REWRITTEN = "rewritten without the participant"
REMOVED = "deleted; the next run creates it again from its source"
REMEDY = "Delete it, or restore it from a backup, and erase again."
# A replica may still append to the file.
LATER = "kept, because it is still written to: erase again tomorrow (UTC)"


@dataclass(frozen=True)
class Subject:
    """The participant to erase: the id in diaries, the pseudonym in the log, and today's date (UTC).

    The id of a kept diary is the pseudonym, alone or followed by "@" and the owner.
    """

    participant: str
    pseudonym: str
    today: dt.date


@dataclass(frozen=True)
class Trace:
    """A trace of a participant: its path, its kind, the number of records or rows, and the effect of erasing it."""

    path: str
    kind: str
    count: int
    effect: str


def subject_of(participant: str, *, secret: bytes, today: dt.date) -> Subject:
    """Return the subject with the id `participant` in diaries. `secret`: signing secret of the service."""
    return Subject(participant, pseudonym(secret, participant), today)


def log_traces(store: Store, subject: Subject, *, write: bool, damaged: list[str] | None = None) -> Iterator[Trace]:
    """Yield traces in prediction records and feedback, both logged and collected, and in reported outcomes.

    Feedback has only ids of predictions, so it is erased before the records that link these ids to the participant.
    """
    ids, hashes = frozenset(_ids(store, subject)), frozenset({subject.pseudonym})
    log, tables = _Pass(store, subject, write, damaged, ids), f"{collection.FOLDER}/feedback"
    for path, day in _segments(store, "feedback"):
        yield from _segment(log, path, "feedback", day)
    yield from _tables(log, tables, "id", kind="feedback")
    log = replace(log, identities=hashes)
    for path, day in _segments(store, "predictions"):
        yield from _segment(log, path, "prediction records", day)
    yield from _tables(log, f"{collection.FOLDER}/predictions", "participant", kind="prediction records")
    yield from _tables(log, reported_outcomes.FOLDER, "participant", kind="outcomes")


def frame_traces(store: Store, subject: Subject, *, write: bool, damaged: list[str] | None = None) -> Iterator[Trace]:
    """Yield frames with rows of the participant. Current and cached values that refer to them are erased too."""
    for asset in store.list(frames.FRAMES):
        for leaf in store.list(f"{frames.FRAMES}/{asset}"):
            path = f"{frames.FRAMES}/{asset}/{leaf}"
            version = leaf.removesuffix(".parquet")
            table = unless_damaged(partial(frames.frame_table, store, asset, version), damaged)
            if table is None or not (count := _rows_of(table, subject)):
                continue
            if write:
                for referring in _referring(store, version, damaged):
                    store.delete(referring)
                store.delete(path)
            yield Trace(path, "rows", count, REMOVED)


def delivery_traces(store: Store, rows_by_md5: Mapping[str, int], *, when: str, write: bool) -> Iterator[Trace]:
    """Yield accepted diaries with the participant. `rows_by_md5`: the number of rows in each of these diaries."""
    for identity, rows in rows_by_md5.items():
        if write:
            delivery_files.erase(store, identity, also_erased=set(rows_by_md5), when=when)
        yield Trace(f"accepted diary {identity}", "rows", rows, "deleted; its entry in the log stays")


def models_of(store: Store, data_versions: Collection[str], *, damaged: list[str] | None = None) -> tuple[str, ...]:
    """Return the bundles that were trained on a diary with one of these MD5s."""
    manifests = {name: unless_damaged(partial(load_manifest, store, name), damaged) for name in store.list("bundles")}
    return tuple(name for name, manifest in manifests.items() if manifest and manifest.data_version in data_versions)


def record(
    store: Store, subject: Subject, *, who: str, when: str, traces: Collection[Trace], models: Collection[str]
) -> str:
    """Record the erasure with the pseudonym of the participant, and return the path of the record."""
    counts: dict[str, int] = {}
    for trace in traces:
        counts[trace.kind] = counts.get(trace.kind, 0) + trace.count
    content = {"participant": subject.pseudonym, "who": who, "when": when, "erased": counts, "models": sorted(models)}
    number = len(store.list(RECORDS)) + 1
    while not store.create(f"{RECORDS}/{number:06d}.json", json.dumps(content, indent=1, sort_keys=True).encode()):
        number += 1
    return f"{RECORDS}/{number:06d}.json"


def _segments(store: Store, kind: str) -> Iterator[tuple[str, str]]:
    for day in store.list(f"{ROOT}/{kind}"):
        folder = f"{ROOT}/{kind}/{day}"
        yield from ((f"{folder}/{leaf}", day) for leaf in store.list(folder) if leaf.endswith(SUFFIX))


def _ids(store: Store, subject: Subject) -> Iterator[str]:
    """Yield the ids of the participant's predictions."""
    mark = subject.pseudonym.encode()
    for path, _ in _segments(store, "predictions"):
        # A damaged segment is reported when its records are erased.
        for line in (unless_damaged(partial(store.read, path), []) or b"").splitlines():
            if mark in line:
                records = decode_line(PredictionRecord, line)
                yield from (each.id for each in records if each.participant == subject.pseudonym)
    for day in collection.collected_days(store, "predictions"):
        table = collection.read_collected(store, "predictions", day, ["id", "participant"], damaged=[]).to_pydict()
        pairs = zip(table["id"], table["participant"], strict=True)
        yield from (identity for identity, participant in pairs if participant == subject.pseudonym)


@dataclass(frozen=True)
class _Pass:
    """One pass over the files of the log: the `identities` to find, and whether to remove them."""

    store: Store
    subject: Subject
    write: bool
    damaged: list[str] | None
    identities: frozenset[str]


def _segment(log: _Pass, path: str, kind: str, day: str) -> Iterator[Trace]:
    lines, erased = [], 0
    content = unless_damaged(partial(log.store.read, path), log.damaged) or b""
    for line in content.splitlines(keepends=True):
        remaining, count = (_without_feedback if kind == "feedback" else _without_records)(line, log.identities)
        lines.append(remaining)
        erased += count
    if not erased:
        return
    if day >= log.subject.today.isoformat():
        yield Trace(path, kind, erased, LATER)
        return
    if log.write:
        log.store.write(path, b"".join(lines))
    yield Trace(path, kind, erased, REWRITTEN)


def _without_records(line: bytes, participants: Collection[str]) -> tuple[bytes, int]:
    """Return the line without the records of `participants`, and their number.

    An unreadable line that contains one of the pseudonyms is removed.
    """
    if not any(name.encode() in line for name in participants):
        return line, 0
    records = decode_line(PredictionRecord, line)
    others = [each for each in records if each.participant not in participants]
    if records and len(others) == len(records):
        return line, 0
    return b"".join(msgspec.json.encode(each) + b"\n" for each in others), len(records) - len(others) or 1


def _without_feedback(line: bytes, ids: Collection[str]) -> tuple[bytes, int]:
    matches = any(feedback.prediction_id in ids for feedback in decode_line(Feedback, line))
    return (b"", 1) if matches else (line, 0)


def _tables(log: _Pass, folder: str, column: str, *, kind: str) -> Iterator[Trace]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for leaf in log.store.list(folder):
        table = unless_damaged(partial(_table_with, log.store, f"{folder}/{leaf}", column), log.damaged)
        if table is None:
            continue
        matches = pc.is_in(table.column(column), value_set=pa.array(list(log.identities), pa.string()))
        if not (count := int(pc.sum(matches).as_py() or 0)):
            continue
        if log.write:
            sink = io.BytesIO()
            pq.write_table(table.filter(pc.invert(matches)), sink, compression="zstd")
            log.store.write(f"{folder}/{leaf}", sink.getvalue())
        yield Trace(f"{folder}/{leaf}", kind, count, REWRITTEN)


def _table_with(store: Store, path: str, column: str) -> "pa.Table":
    """Read a table with the text column `column`. Raises `StoreError` if it is damaged or has no such column."""
    import pyarrow as pa

    table = read_table(store, path, remedy=REMEDY)
    try:
        table.validate(full=True)
        if pa.types.is_string(table.schema.field(column).type):
            return table
    except (pa.ArrowException, KeyError) as error:
        raise StoreError(f"'{path}' in {store.uri} is damaged: {error}. {REMEDY}") from error
    raise StoreError(f"'{path}' in {store.uri} is damaged: '{column}' is not text. {REMEDY}")


def _rows_of(table: "pa.Table", subject: Subject) -> int:
    """Count the rows with the participant's id in any text column, since quarantined rows can have it anywhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    matches: Any = pa.array([False] * table.num_rows, pa.bool_())
    for name in table.schema.names:
        column = table.column(name).combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            for same in (pc.equal(column, subject.participant), _is_kept(column, subject)):
                matches = pc.or_(matches, pc.fill_null(same, False))
    return int(pc.sum(matches).as_py() or 0)


def _is_kept(column: Any, subject: Subject) -> Any:
    """Return a mask of the rows in which `column` has the participant's id in kept diaries."""
    import pyarrow.compute as pc

    return pc.or_(pc.equal(column, subject.pseudonym), pc.starts_with(column, pattern=f"{subject.pseudonym}@"))


def _referring(store: Store, version: str, damaged: list[str] | None) -> Iterator[str]:
    """Yield the current and cached values that refer to the frame of this hash."""
    mark = version.encode()
    for path in (*current_values.paths(store), *(f"{cache.FOLDER}/{leaf}" for leaf in store.list(cache.FOLDER))):
        if mark in (unless_damaged(partial(store.read, path), damaged) or b""):
            yield path
