"""The replicas' segments of one day brought together: each receipt and each feedback once, as Parquet.

    monitoring/collected/predictions/<day>.parquet    a row for each receipt and task
    monitoring/collected/feedback/<day>.parquet       a row for each word

Here belongs what makes collecting safe to repeat. Not here: the log (`stores.prediction_log.reader`), what is done
with the rows (`defs.monitoring`). Collecting again changes nothing but what came since; what was collected stays when
the segments are deleted.
"""

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log import reader
from migraine_assets.stores.prediction_log.record import Feedback, Receipt
from migraine_assets.stores.store import Store

FOLDER = "monitoring/collected"
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
class Collected:
    """What a day holds now. `new`: rows that were not there before; `torn`: lines of the log that are no record."""

    rows: int
    new: int
    torn: int
    path: str


def collect_predictions(store: Store, day: dt.date) -> Collected:
    """Bring the receipts of `day` together."""
    parts, torn = [], 0
    for found in reader.read_segments(store, Receipt, day=day.isoformat()):
        parts.append(_predictions(found.records))
        torn += found.torn
    return _merge(store, "predictions", day, parts, torn, keys=("id", "task"))


def collect_feedback(store: Store, day: dt.date) -> Collected:
    """Bring the words of `day` together: repeated ones once, changed ones all, as history."""
    parts, torn = [], 0
    for found in reader.read_segments(store, Feedback, day=day.isoformat()):
        parts.append(_feedback(found.records))
        torn += found.torn
    return _merge(store, "feedback", day, parts, torn, keys=("id", "time", "attack", "severity"))


def collected(store: Store, kind: str, day: dt.date, columns: Sequence[str] | None = None) -> Any:
    """The table of `kind` ("predictions", "feedback") of a day; empty where nothing was collected."""
    path = _path(kind, day)
    if not store.exists(path):
        schema = SCHEMAS[kind]
        return schema.empty_table().select(list(columns or schema.names))
    try:
        return pq.read_table(io.BytesIO(store.read(path)), columns=list(columns) if columns else None)
    except pa.ArrowException as error:
        raise StoreError(
            f"'{path}' in {store.uri} is damaged: {error}. Delete it and collect the day again."
        ) from error


def collected_days(store: Store, kind: str) -> list[dt.date]:
    """The days of which something was collected, oldest first."""
    return [dt.date.fromisoformat(leaf.removesuffix(".parquet")) for leaf in store.list(f"{FOLDER}/{kind}")]


def _merge(store: Store, kind: str, day: dt.date, parts: list[Any], torn: int, *, keys: tuple[str, ...]) -> Collected:
    before, path = collected(store, kind, day), _path(kind, day)
    whole = _once(pa.concat_tables([before, *parts]), keys)
    new = whole.num_rows - before.num_rows
    if new:
        sink = io.BytesIO()
        pq.write_table(whole, sink, compression="zstd")
        store.write(path, sink.getvalue())
    return Collected(whole.num_rows, new, torn, path)


def _once(table: Any, keys: tuple[str, ...]) -> Any:
    """The rows in the order of time, each key once: the same table in whichever order the parts came."""
    if not table.num_rows:
        return table
    place = table.select([*keys]).append_column("row", pa.array(range(table.num_rows), pa.int64()))
    first = place.group_by(list(keys), use_threads=False).aggregate([("row", "min")])["row_min"]
    kept = table.take(first)
    order = [(name, "ascending") for name in dict.fromkeys(("time", *keys))]
    return kept.take(pc.sort_indices(kept.select([name for name, _ in order]), sort_keys=order))


def _predictions(receipts: Sequence[Receipt]) -> Any:
    rows = [(receipt, task) for receipt in receipts for task in receipt.bundles]
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


def _feedback(words: Sequence[Feedback]) -> Any:
    columns = {
        "id": [word.prediction_id for word in words],
        "time": [word.time for word in words],
        "attack": [word.migraine_occurrence for word in words],
        "severity": [word.migraine_severity for word in words],
    }
    return pa.table(columns, schema=FEEDBACK)


def _path(kind: str, day: dt.date) -> str:
    return f"{FOLDER}/{kind}/{day.isoformat()}.parquet"
