"""Only the given participant is erased from the log, from collected records and from frames."""

import datetime as dt
import hashlib
import io
import json
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.assets.cache import read_cached, write_cached
from migraine_assets.stores.assets.current_values import StoredValue, read_current, write_current
from migraine_assets.stores.assets.frames import write_frame
from migraine_assets.stores.erasure import (
    LATER,
    Subject,
    delivery_traces,
    frame_traces,
    log_traces,
    models_of,
    record,
    subject_of,
)
from migraine_assets.stores.monitoring import collection
from migraine_assets.stores.monitoring.collection import collect_feedback, collect_predictions, read_collected
from migraine_assets.stores.monitoring.reported_outcomes import FOLDER as OUTCOMES
from migraine_assets.stores.monitoring.reported_outcomes import add_reported_outcomes, reported_outcomes
from migraine_assets.stores.prediction_log import reader
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.record_block import Block, Part
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.prediction_log.log_records import NOON, SECRET, feedback, prediction_record

DAY = dt.date(2026, 3, 1)
TODAY = dt.date(2026, 3, 5)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


@pytest.fixture
def subject() -> Subject:
    return subject_of("P-1", secret=SECRET, today=TODAY)


def _of(who: Subject | str | None, **changes: float) -> PredictionRecord:
    name = who.pseudonym if isinstance(who, Subject) else who
    return msgspec.structs.replace(prediction_record(**changes), participant=name)


def _block(*participants: str | None) -> Block:
    ids = [prediction_record(time=NOON + 20 + k).id for k in range(len(participants))]
    features = np.arange(2 * len(participants), dtype="<f4").tobytes()
    positions = list(range(len(participants)))
    part = Part(
        task="attack", bundle="0" * 64, arm="champion", positions=positions, outputs=[0.5] * len(participants), width=2,
        features=features,
    )  # fmt: skip
    return Block(time=NOON, latency_ms=1.0, ids=ids, participants=list(participants), for_dates=None, parts=[part])


def _write(store: Store, kind: str, *records: msgspec.Struct, day: dt.date = DAY, tail: bytes = b"") -> None:
    target = segments(store, kind, segment_bytes=1 << 20)
    target.write(day.isoformat(), b"".join(msgspec.json.encode(each) + b"\n" for each in records) + tail)
    target.close()


def _everything(store: Store) -> bytes:
    root = Path(store.root)
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


def test_records_and_feedback_of_the_participant_are_erased_and_those_of_others_are_not(
    store: Store, subject: Subject
) -> None:
    mine, other, anonymous = _of(subject), _of("a" * 32, time=NOON + 1), _of(None, time=NOON + 2)
    _write(store, "predictions", mine, other, anonymous)
    _write(store, "feedback", feedback(mine.id, attack=True), feedback(other.id, attack=False))
    collect_predictions(store, DAY)
    collect_feedback(store, DAY)

    traces = list(log_traces(store, subject, write=False))
    assert sorted((trace.kind, trace.count) for trace in traces) == [
        ("feedback", 1), ("feedback", 1), ("prediction records", 1), ("prediction records", 1),
    ]  # fmt: skip
    assert subject.pseudonym.encode() in _everything(store), "listing changes nothing"

    assert list(log_traces(store, subject, write=True)) == traces
    assert [r.id for r in reader.read(store, PredictionRecord, day="2026-03-01")] == [other.id, anonymous.id]
    assert [f.prediction_id for f in reader.read(store, Feedback, day="2026-03-01")] == [other.id]
    assert read_collected(store, "predictions", DAY).column("id").to_pylist() == [other.id, anonymous.id]
    assert read_collected(store, "feedback", DAY).column("id").to_pylist() == [other.id]
    assert subject.pseudonym.encode() not in _everything(store)
    assert list(log_traces(store, subject, write=True)) == []
    # Collecting the day again does not restore them.
    assert collect_predictions(store, DAY).new == 0


def test_a_block_keeps_the_records_of_others(store: Store, subject: Subject) -> None:
    block = _block("a" * 32, subject.pseudonym, None)
    _write(store, "predictions", block)
    before = {r.id: r for r in reader.read(store, PredictionRecord, day="2026-03-01")}
    assert [trace.count for trace in log_traces(store, subject, write=True)] == [1]
    after = {r.id: r for r in reader.read(store, PredictionRecord, day="2026-03-01")}
    assert after == {name: r for name, r in before.items() if r.participant != subject.pseudonym}


def test_a_torn_line_with_the_participant_is_erased_and_another_one_is_not(store: Store, subject: Subject) -> None:
    torn = msgspec.json.encode(_of(subject))[:-5]
    _write(store, "predictions", _of("b" * 32), tail=torn)
    other_tail = b'{"id": "torn'
    _write(store, "predictions", _of(subject), tail=other_tail)
    list(log_traces(store, subject, write=True))
    remaining = _everything(store)
    assert subject.pseudonym.encode() not in remaining
    assert other_tail in remaining


def test_the_log_of_today_is_kept_and_reported(store: Store, subject: Subject) -> None:
    """A replica may append to the file. If it were replaced, those records would be lost."""
    _write(store, "predictions", _of(subject), day=TODAY)
    before = _everything(store)
    assert [trace.effect for trace in log_traces(store, subject, write=True)] == [LATER]
    assert _everything(store) == before
    tomorrow = subject_of("P-1", secret=SECRET, today=TODAY + dt.timedelta(days=1))
    list(log_traces(store, tomorrow, write=True))
    assert subject.pseudonym.encode() not in _everything(store)


def test_reported_outcomes_are_erased(store: Store, subject: Subject) -> None:
    frame = pd.DataFrame(
        {"participant_id": ["P-1", "P-2"], "date": pd.to_datetime(["2026-03-01"] * 2), "a": [1.0, 0.0]}
    )
    add_reported_outcomes(store, DAY, frame, secret=SECRET, time=NOON, attack="a", severity="s")
    assert [trace.count for trace in log_traces(store, subject, write=True)] == [1]
    assert len(reported_outcomes(store, DAY)) == 1
    assert subject.pseudonym not in set(reported_outcomes(store, DAY)["participant"])


def test_frames_are_erased_with_the_values_that_refer_to_them(store: Store, subject: Subject) -> None:
    mine = write_frame(store, "features", pd.DataFrame({"participant_id": ["P-1", "P-1", "P-2"], "x": [1.0, 2.0, 3.0]}))
    other = write_frame(store, "features", pd.DataFrame({"participant_id": ["P-11"], "x": [1.0]}))
    write_current(store, "features", StoredValue("FeaturesRef", {"frame": mine.version}))
    write_current(store, "folds", StoredValue("FoldsRef", {"frame": other.version}))
    key = "a" * 64
    write_cached(store, key, StoredValue("FeaturesRef", {"frame": mine.version}))

    traces = list(frame_traces(store, subject, write=True))
    assert [(trace.path, trace.count) for trace in traces] == [(mine.path, 2)]
    assert not store.exists(mine.path)
    assert store.exists(other.path), "P-11 is another participant"
    assert read_current(store, "features") is None
    assert read_current(store, "folds") is not None
    assert read_cached(store, key) is None


def test_a_quarantined_row_is_found_by_any_column(store: Store, subject: Subject) -> None:
    table = pa.table({"row": [1, 2], "cell": pa.array(["P-1", "x"]).dictionary_encode()})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    store.write(f"frames/quarantined_rows/{hashlib.sha256(sink.getvalue()).hexdigest()}.parquet", sink.getvalue())
    assert [trace.count for trace in frame_traces(store, subject, write=False)] == [1]


def _accept(store: Store, *files: tuple[str, bytes]) -> str:
    from migraine_assets.core.dvc_hash import directory_md5, md5

    identity = md5(files[0][1]) if len(files) == 1 else directory_md5((name, md5(body)) for name, body in files)
    kept_files = delivery_files.keep(store, files, identity=identity)
    delivery_log.record(
        store, kept_files, time="2026-03-01T12:00:00+00:00", source="table", description="d", identity=identity,
        accepted=1, quarantined=0, mapping=None, profile={}, data_version="v",
    )  # fmt: skip
    return identity


def test_a_diary_is_erased_except_for_files_that_another_one_needs(store: Store) -> None:
    shared, mine = ("b.csv", b"another participant"), ("a.csv", b"P-1")
    both, alone = _accept(store, mine, shared), _accept(store, shared)
    traces = list(delivery_traces(store, {both: 3}, when="2026-03-05", write=True))
    assert [trace.count for trace in traces] == [3]
    assert delivery_files.erased_at(store, both) == "2026-03-05"
    with pytest.raises(Exception, match="erased on 2026-03-05"):
        delivery_files.restore(store, both)
    assert delivery_files.restore(store, alone).files == (shared,)
    assert b"P-1" not in _everything(store)
    assert len(delivery_log.read_log(store)) == 2, "the training data of models stays known"


def test_a_diary_that_is_delivered_again_is_available_again(store: Store) -> None:
    identity = _accept(store, ("a.csv", b"P-1"))
    list(delivery_traces(store, {identity: 1}, when="2026-03-05", write=True))
    _accept(store, ("a.csv", b"P-1"))
    assert delivery_files.erased_at(store, identity) is None
    assert delivery_files.restore(store, identity).files == (("a.csv", b"P-1"),)


def test_the_record_contains_only_a_hash_of_the_participant(store: Store, subject: Subject) -> None:
    first = record(store, subject, who="ann", when="2026-03-05", traces=(), models=("b", "a"))
    second = record(store, subject, who="ann", when="2026-03-06", traces=(), models=())
    assert first != second
    written = json.loads(store.read(first))
    assert written["participant"] == subject.pseudonym
    assert written["models"] == ["a", "b"]
    assert b"P-1" not in store.read(first)


def test_a_damaged_file_is_named_and_the_rest_is_erased(store: Store, subject: Subject) -> None:
    mine = _of(subject)
    _write(store, "predictions", mine, _of("a" * 32, time=NOON + 1))
    _write(store, "feedback", feedback(mine.id, attack=True))
    collect_predictions(store, DAY)
    frame = write_frame(store, "features", pd.DataFrame({"participant_id": ["P-1"], "x": [1.0]}))
    damaged_frame = write_frame(store, "folds", pd.DataFrame({"participant_id": ["P-1"], "x": [2.0]}))
    write_cached(store, "a" * 64, StoredValue("FeaturesRef", {"frame": frame.version}))
    damage = {
        damaged_frame.path: b"PAR1", f"{collection.FOLDER}/predictions/{DAY}.parquet": b"\xff",
        f"{OUTCOMES}/{DAY}.parquet": b"PAR1" * 9,
    }  # fmt: skip
    for path, content in damage.items():
        store.write(path, content)
    for folder in ("log/predictions/2026-03-02/a.jsonl", "log/feedback/2026-03-02/a.jsonl", f"memo/{'b' * 64}.json"):
        Path(store.path(folder)).mkdir(parents=True)
    named: list[str] = []
    list(log_traces(store, subject, write=True, damaged=named))
    list(frame_traces(store, subject, write=True, damaged=named))
    assert models_of(store, {"x"}, damaged=named) == ()
    for path in (*damage, "log/predictions/2026-03-02/a.jsonl", "log/feedback/2026-03-02/a.jsonl", f"memo/{'b' * 64}"):
        assert sum(path in sentence for sentence in named) == 1, path
    assert not store.exists(frame.path)
    assert reader.read(store, Feedback, day="2026-03-01").records == ()
    assert len(reader.read(store, PredictionRecord, day="2026-03-01").records) == 1
