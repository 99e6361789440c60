"""The prediction log of each day, collected from all replicas as Parquet without repetitions.

    monitoring/collected/predictions/<day>.parquet    a row per prediction and task
    monitoring/collected/feedback/<day>.parquet       a row per feedback

Collecting a day again adds records that arrived later. Collected rows are kept when the segments are deleted. Not here:
the log (`stores.prediction_log.reader`), using the rows (`defs.monitoring`).
"""

import datetime as dt
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import days_in, read_table, unless_damaged
from migraine_assets.stores.prediction_log import reader
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.store import Store

FOLDER = "monitoring/collected"
REMEDY = "Delete it and collect the day again."
PREDICTIONS = pa.schema(
    [
        ("id", pa.string()), ("time", pa.float64()), ("participant", pa.string()), ("for_date", pa.date32()),
        ("task", pa.string()), ("bundle", pa.string()), ("arm", pa.string()), ("output", pa.float64()),
        ("abstained", pa.bool_()), ("latency_ms", pa.float64()), ("shadow_bundle", pa.string()),
        ("shadow_output", pa.float64()), ("features", pa.list_(pa.float32())),
    ]
)  # fmt: skip
FEEDBACK = pa.schema([("id", pa.string()), ("time", pa.float64()), ("attack", pa.bool_()), ("severity", pa.float64())])
SCHEMAS = {"predictions": PREDICTIONS, "feedback": FEEDBACK}


@dataclass(frozen=True)
class CollectedDay:
    """The collected rows of a day.

    `new`: number of added rows. `torn`: number of lines of the log that are not a record. `damaged`: a sentence for
    each file of the day that could not be read completely.
    """

    rows: int
    new: int
    torn: int
    path: str
    damaged: tuple[str, ...] = ()


def collect_predictions(store: Store, day: dt.date) -> CollectedDay:
    """Collect the prediction records of `day`."""
    return _merge(store, "predictions", day, PredictionRecord, _prediction_rows, keys=("id", "task"))


def collect_feedback(store: Store, day: dt.date) -> CollectedDay:
    """Collect the feedback of `day`. Equal feedback is kept once, all changed feedback is kept."""
    return _merge(store, "feedback", day, Feedback, _feedback_rows, keys=("id", "time", "attack", "severity"))


def read_collected(
    store: Store, kind: str, day: dt.date, columns: Sequence[str] | None = None, *, damaged: list[str] | None = None
) -> Any:
    """Return the table of `kind` ("predictions", "feedback") of a day; it is empty if nothing was collected.

    A damaged file raises `StoreError`. If `damaged` is a list, the message is appended to it and the table is empty.
    """
    table = unless_damaged(partial(_read_collected, store, kind, day, columns), damaged)
    return SCHEMAS[kind].empty_table().select(list(columns or SCHEMAS[kind].names)) if table is None else table


def _read_collected(store: Store, kind: str, day: dt.date, columns: Sequence[str] | None) -> Any:
    path, schema = _path(kind, day), SCHEMAS[kind]
    names = list(columns or schema.names)
    if not store.exists(path):
        return schema.empty_table().select(names)
    table = read_table(store, path, columns=names, remedy=REMEDY)
    expected = pa.schema([schema.field(name) for name in names])
    try:
        return table.select(names).cast(expected)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise StoreError(f"'{path}' in {store.uri} has unexpected columns: {error}. {REMEDY}") from error


def collected_days(store: Store, kind: str) -> list[dt.date]:
    """Return the days that were collected, oldest first."""
    return days_in(store, f"{FOLDER}/{kind}", suffix=".parquet")


def _merge(
    store: Store, kind: str, day: dt.date, record: Any, rows_of: Callable[[Any], Any], *, keys: tuple[str, ...]
) -> CollectedDay:
    damaged: list[str] = []
    parts, torn = [], 0
    for segment in reader.read_segments(store, record, day=day.isoformat()):
        parts.append(rows_of(segment.records))
        torn += segment.torn
        damaged += segment.damaged
    # A damaged file is replaced if the log still has records of the day, and otherwise kept.
    before, path = read_collected(store, kind, day, damaged=damaged), _path(kind, day)
    merged = _distinct(pa.concat_tables([before, *parts]), keys)
    new = merged.num_rows - before.num_rows
    if new:
        sink = io.BytesIO()
        pq.write_table(merged, sink, compression="zstd")
        store.write(path, sink.getvalue())
    return CollectedDay(merged.num_rows, new, torn, path, tuple(damaged))


def _distinct(table: Any, keys: tuple[str, ...]) -> Any:
    """Return one row per key, in order of time, whatever the order of the parts."""
    if not table.num_rows:
        return table
    numbered = table.select([*keys]).append_column("row", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(list(keys), use_threads=False).aggregate([("row", "min")])["row_min"]
    distinct = table.take(first)
    order = [(name, "ascending") for name in dict.fromkeys(("time", *keys))]
    return distinct.take(pc.sort_indices(distinct.select([name for name, _ in order]), sort_keys=order))


def _prediction_rows(records: Sequence[PredictionRecord]) -> Any:
    rows = [(record, task) for record in records for task in record.bundles]
    columns = {
        "id": [r.id for r, _ in rows],
        "time": [r.time for r, _ in rows],
        "participant": [r.participant for r, _ in rows],
        "for_date": [dt.date.fromisoformat(r.for_date) if r.for_date else None for r, _ in rows],
        "task": [task for _, task in rows],
        "bundle": [r.bundles[task] for r, task in rows],
        "arm": [r.arm for r, _ in rows],
        "output": [r.outputs.get(task) for r, task in rows],
        "abstained": [r.abstained for r, _ in rows],
        "latency_ms": [r.latency_ms for r, _ in rows],
        "shadow_bundle": [r.shadow_bundles.get(task) for r, task in rows],
        "shadow_output": [r.shadow_outputs.get(task) for r, task in rows],
        "features": [r.features.get(task) for r, task in rows],
    }
    return pa.table(columns, schema=PREDICTIONS)


def _feedback_rows(feedback: Sequence[Feedback]) -> Any:
    columns = {
        "id": [report.prediction_id for report in feedback],
        "time": [report.time for report in feedback],
        "attack": [report.migraine_occurrence for report in feedback],
        "severity": [report.migraine_severity for report in feedback],
    }
    return pa.table(columns, schema=FEEDBACK)


def _path(kind: str, day: dt.date) -> str:
    return f"{FOLDER}/{kind}/{day.isoformat()}.parquet"
