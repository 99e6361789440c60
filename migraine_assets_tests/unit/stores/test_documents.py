"""For any bytes, every reader of a typed document returns a value or raises `StoreError`."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migraine_assets.errors import BundleRefused, StoreError
from migraine_assets.stores.assets import cache, current_values, delivery_log
from migraine_assets.stores.documents import Document, days_in, decode_document, encode_document
from migraine_assets.stores.monitoring import collection, gauges, pipeline_status, reported_outcomes
from migraine_assets.stores.monitoring.decisions import AutomationDecision, decisions, record_decision
from migraine_assets.stores.monitoring.heartbeats import heartbeats, record_heartbeat
from migraine_assets.stores.monitoring.results import DRIFT, ESTIMATED, QUALITY, REALIZED, read_result, write_result
from migraine_assets.stores.prediction_log.prediction_ids import make_id
from migraine_assets.stores.prediction_log.reader import KINDS, decode_line, find_record
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.record_block import Block, Part, ShadowPart
from migraine_assets.stores.registry import promotion_log
from migraine_assets.stores.registry.pointer import POINTER, Pointer, Rollout, Serving, read_pointer, write_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.registry.promotion_log import PromotionRecord
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.unit.stores.prediction_log.log_records import NOON, SECRET, feedback, prediction_record
from serving.access import api_keys

DAY, NOW = dt.date(2026, 3, 1), dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HASH, OTHER = "0" * 64, "1" * 64
DEEP = b'{"format": 1, "x": ' + b"[" * 100_000
Read = Callable[[Store], object]


def _store_with(write: Callable[[Store], object]) -> Store:
    store = Store("memory://documents")
    for folder in ("monitoring", "registry"):
        store.delete(folder)
    write(store)
    return store


def _quality(store: Store) -> None:
    from migraine_assets.core.monitoring.day_quality import DayQuality

    quality = DayQuality("none", rows=1, participants=1, abstained=None, latency_p95_ms=1.5)
    write_result(store, QUALITY, DAY, quality, now=NOW)


def _pointer(store: Store) -> None:
    rollout = Rollout("canary", OTHER, 20.0, HASH, "ann", NOW.isoformat(), "better")
    tasks = {"attack": Serving(HASH, None, NOW.isoformat(), "000001")}
    write_pointer(store, Pointer(3, tasks, {"attack": rollout}))


RECORD = PromotionRecord(
    task="attack", what="promote", who="ann", when=NOW.isoformat(), why=("better",), from_champion=None,
    to_champion=HASH, figures={"gain": [0.1, 0.2]},
)  # fmt: skip
DECISION = AutomationDecision(NOW, "drift", "attack", False, ("A run is in flight.",), "key")
# The path of a valid document, and the functions that write and read it.
DOCUMENTS: dict[str, tuple[Callable[[Store], object], str, Read]] = {
    "drift": (
        lambda store: write_task_result(store, "drift", "drift", day=DAY, now=NOW),
        f"monitoring/results/drift/{DAY}.json",
        lambda store: read_result(store, DRIFT, DAY),
    ),
    "realized": (
        lambda store: write_task_result(store, "realised", "degraded", day=DAY, now=NOW),
        f"monitoring/results/realised/{DAY}.json",
        lambda store: read_result(store, REALIZED, DAY),
    ),
    "estimated": (
        lambda store: write_task_result(store, "estimated", "none", day=DAY, now=NOW),
        f"monitoring/results/estimated/{DAY}.json",
        lambda store: read_result(store, ESTIMATED, DAY),
    ),
    "quality": (_quality, f"monitoring/results/quality/{DAY}.json", lambda store: read_result(store, QUALITY, DAY)),
    "pointer": (_pointer, POINTER, read_pointer),
    "promotion": (lambda store: promotion_log.append(store, RECORD), "registry/promotions/000001.json", history),
    "decision": (lambda store: record_decision(store, DECISION), "", decisions),
    "heartbeat": (
        lambda store: record_heartbeat(store, "drift", now=NOW),
        "monitoring/heartbeats/drift.json",
        heartbeats,
    ),
}


def _path(store: Store, path: str) -> str:
    if path:
        return path
    [leaf] = store.list(f"monitoring/decisions/{DAY}")
    return f"monitoring/decisions/{DAY}/{leaf}"


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_bytes_give_a_value_or_a_store_error(name: str, data: st.DataObject) -> None:
    """Draw arbitrary bytes, or a valid document with a part cut or replaced."""
    write, where, read = DOCUMENTS[name]
    store = _store_with(write)
    path = _path(store, where)
    whole = store.read(path)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    numbers = st.sampled_from([b"1e400", b"-1", b"null", b'"\\ud800"', b"\xff", b"9" * 400, b"[]", b"{}", b"NaN"])
    middle = data.draw(st.one_of(st.just(b""), st.binary(max_size=12), numbers))
    content = data.draw(st.one_of(st.binary(max_size=60), st.just(whole[:start] + middle + whole[end:])))
    store.write(path, content)
    assert _names_file(lambda: read(store), path)


def _names_file(read: Callable[[], object], path: str) -> bool:
    """Return whether `read` succeeds, or fails with a `StoreError` that names the file. Others are raised."""
    try:
        read()
    except StoreError as error:
        return path in str(error)
    return True


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"1e400", b'{"format": 1e400}', DEEP, b"[" * 100_000, b"null"])
@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "heartbeat"])
def test_bytes_that_are_no_document_are_refused_with_the_path(name: str, content: bytes) -> None:
    write, where, read = DOCUMENTS[name]
    store = _store_with(write)
    path = _path(store, where)
    read(store)
    store.write(path, content)
    with pytest.raises(StoreError, match=path):
        read(store)


def test_a_heartbeat_that_cannot_be_read_was_missed(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    record_heartbeat(store, "drift", now=NOW)
    store.write("monitoring/heartbeats/other.json", DEEP)
    assert list(heartbeats(store)) == ["drift"]


@pytest.mark.parametrize("name", ["collected", "outcomes"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_bytes_of_a_table_give_rows_or_a_store_error(name: str, data: st.DataObject) -> None:
    store = Store(f"memory://tables-{name}")
    folder = f"{collection.FOLDER}/feedback" if name == "collected" else reported_outcomes.FOLDER
    path = f"{folder}/{DAY}.parquet"
    whole = _table(name)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    content = data.draw(
        st.one_of(st.binary(max_size=60), st.binary(max_size=12).map(lambda part: whole[:start] + part + whole[end:]))
    )
    store.write(path, content)
    readers: dict[str, Callable[[], object]] = {
        "collected": lambda: collection.read_collected(store, "feedback", DAY),
        "outcomes": lambda: reported_outcomes.reported_outcomes(store, DAY),
    }
    assert _names_file(readers[name], path)


def _table(name: str) -> bytes:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    if name == "collected":
        table = pa.table({"id": ["a"], "time": [1.0], "attack": [True], "severity": [None]}, schema=collection.FEEDBACK)
    else:
        values = (["p"], [DAY], [1.0], [1.0], [2.0], ["neck_pain"], [1.0])
        table = pa.table(dict(zip(reported_outcomes.COLUMNS, values, strict=True)))
    pq.write_table(table, sink)
    return sink.getvalue()


def _block() -> Block:
    rows = np.array([[1.0, np.nan], [0.5, 2.0]], dtype="<f4")
    shadow = ShadowPart(bundle="s", positions=[1], outputs=[0.1], width=2, features=rows[:1].tobytes())
    part = Part(
        task="attack", bundle="b", arm="champion", positions=[0, 1], outputs=[0.25, None], width=2,
        features=rows.tobytes(), shadow=shadow,
    )  # fmt: skip
    return Block(
        time=NOON, latency_ms=1.0, ids=["i", "j"], participants=["p", None], for_dates=["2026-03-02"] * 2, parts=[part]
    )


LINES = {
    PredictionRecord: (msgspec.json.encode(prediction_record()), msgspec.json.encode(_block())),
    Feedback: (msgspec.json.encode(feedback("a", attack=True)),),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_line_of_the_log_gives_records_or_none_and_can_be_collected(kind: Any, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(LINES[kind]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 20)))
    numbers = st.sampled_from([b"1e400", b"-1", b"1e300", b"9" * 30, b"null", b"\xff", b'"2026-02-31"', b"[" * 5000])
    middle = data.draw(st.one_of(st.just(b""), st.binary(max_size=8), numbers))
    line = (whole[:start] + middle + whole[end:]).replace(b"\n", b" ")
    store = Store("memory://lines")
    folder = f"log/{KINDS[kind]}"
    for name in ("log", "monitoring"):
        store.delete(name)
    store.write(f"{folder}/{DAY}/a.jsonl", line + b"\n")
    records = decode_line(kind, line)
    collect = collection.collect_predictions if kind is PredictionRecord else collection.collect_feedback
    assert collect(store, DAY).torn == (0 if records else 1)


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10**30}, {"width": 0}, {"width": -1}, {"places": [0, -1]}, {"places": [0, 10**30]},
        {"outputs": [0.25]}, {"features": "AAA"},
    ],
)  # fmt: skip
def test_a_block_with_inconsistent_parts_is_no_record(change: dict[str, Any]) -> None:
    document = msgspec.json.decode(msgspec.json.encode(_block()))
    assert len(decode_line(PredictionRecord, msgspec.json.encode(document))) == 2
    document["parts"][0] |= change
    assert decode_line(PredictionRecord, msgspec.json.encode(document)) == ()


def test_a_record_of_a_later_format_or_with_an_impossible_day_is_no_record() -> None:
    document = msgspec.to_builtins(prediction_record())
    assert decode_line(PredictionRecord, msgspec.json.encode(document))
    for change in ({"format": 2}, {"for_date": "2026-02-31"}):
        assert decode_line(PredictionRecord, msgspec.json.encode(document | change)) == ()


def test_lines_of_the_first_version_had_no_number_and_stay_readable() -> None:
    document = msgspec.to_builtins(prediction_record())
    del document["format"]
    [record] = decode_line(PredictionRecord, msgspec.json.encode(document))
    assert record.format == 1
    old = b'{"prediction_id":"a","migraine_occurrence":true,"migraine_severity":null,"time":5.0}'
    assert decode_line(Feedback, old) == (Feedback(prediction_id="a", migraine_occurrence=True, time=5.0),)


def test_an_id_from_beyond_the_calendar_finds_nothing() -> None:
    later = make_id(SECRET, time=(1 << 48) / 1000 - 1)
    assert find_record(Store("memory://lines"), later) is None


UNREADABLE = [b"", b"{", b"1e400", DEEP, b'{"model_accuracy": {"\xff": 1.0}, "type": "\xff"}', b"[" * 100_000]
Reader = Callable[[Store], object]
# Readers of other documents, and their files.
TOLERANT: dict[str, tuple[str, Reader]] = {
    "cached value": (f"{cache.FOLDER}/{HASH}.json", lambda store: cache.read_cached(store, HASH)),
    "gauges": (gauges.PATH, gauges.read_gauges),
    "pipeline status": (pipeline_status.PATH, pipeline_status.read_pipeline_status),
}
STRICT: dict[str, tuple[str, Reader]] = {
    "current value": ("assets/raw_diary.json", lambda store: current_values.read_current(store, "raw_diary")),
    "delivery": ("deliveries/log/000001-x.json", lambda store: list(delivery_log.read_log(store))),
}


@pytest.mark.parametrize("content", UNREADABLE)
@pytest.mark.parametrize("name", TOLERANT)
def test_a_damaged_document_that_can_be_made_again_counts_as_absent(tmp_path: Path, name: str, content: bytes) -> None:
    store, (path, read) = Store(str(tmp_path)), TOLERANT[name]
    store.write(path, content)
    assert read(store) is None


@pytest.mark.parametrize("content", UNREADABLE)
@pytest.mark.parametrize("name", STRICT)
def test_a_damaged_document_of_the_pipeline_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    store, (path, read) = Store(str(tmp_path)), STRICT[name]
    store.write(path, content)
    with pytest.raises(StoreError, match=path.rsplit("/", 1)[-1]):
        read(store)


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_damaged_api_key_is_skipped(tmp_path: Path, content: bytes) -> None:
    store = Store(str(tmp_path))
    store.write(f"{api_keys.FOLDER}/damaged.json", content)
    assert api_keys.records(store) == []


class Example(Document, frozen=True):
    name: str
    value: float | None = None


def test_a_document_is_readable_json_with_sorted_keys() -> None:
    content = encode_document(Example("a", float("nan")))
    assert content == b'{\n "format": 1,\n "name": "a",\n "value": null\n}'
    assert decode_document(content, Example, where="x") == Example("a")


def test_a_numpy_value_becomes_a_plain_one() -> None:
    assert b'"value": 0.5' in encode_document(Example("a", np.float64(0.5)))
    assert b'"value": 2' in encode_document(Example("a", np.int64(2)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="object"):
        encode_document(Example(object()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": 2, "name": "a"}', "x has format 2; this version reads format 1. Upgrade."),
        (b'{"name": "a"}', "x has format None"),
        (b'{"format": 1}', "x is damaged: Object missing required field `name`. Upgrade."),
        (b'{"format": 1, "name": "a", "extra": 1}', "unknown field"),
        (b'{"format": true, "name": "a"}', "x is damaged"),
    ],
)
def test_the_error_names_the_document_the_reason_and_the_remedy(content: bytes, message: str) -> None:
    with pytest.raises(BundleRefused) as raised:
        decode_document(content, Example, where="x", remedy="Upgrade.", error=BundleRefused)
    assert message in str(raised.value)


@example("2026-02-30")
@given(st.text(alphabet="0123456789-x", max_size=12))
def test_only_days_are_days(name: str) -> None:
    store = Store("memory://days")
    store.delete("folder")
    store.write("folder/2026-03-01.json", b"")
    if name:
        store.write(f"folder/{name}.json", b"")
    days = days_in(store, "folder", suffix=".json")
    assert dt.date(2026, 3, 1) in days
    assert [day.isoformat() for day in days] == sorted({"2026-03-01", name} & {day.isoformat() for day in days})
