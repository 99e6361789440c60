from pathlib import Path

import pytest

from migraine_assets.stores.prediction_log.prediction_ids import make_id
from migraine_assets.stores.prediction_log.reader import Progress, days, find_record, latest_feedback, read
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.prediction_log.log_records import NOON, SECRET, feedback, prediction_record
from serving.log.writer import PredictionLog, open_prediction_log
from serving.settings import ServingSettings

DAY = "2026-03-01"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def replica(store: Store) -> PredictionLog:
    return open_prediction_log(store, secret=SECRET, settings=ServingSettings(flush_seconds=60))


def segment(store: Store) -> Path:
    return next(Path(store.path("log")).rglob("*.jsonl"))


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    log, written = replica(store), prediction_record()
    log.append(written)
    log.close()
    assert read(store, PredictionRecord, day=DAY).records == (written,)
    assert days(store, PredictionRecord) == [DAY]


def test_a_nan_among_the_features_comes_back_as_null(store: Store) -> None:
    log = replica(store)
    log.append(PredictionRecord(**{**_fields(prediction_record()), "features": {"attack": [float("nan"), 0.1]}}))
    log.close()
    assert read(store, PredictionRecord, day=DAY).records[0].features == {"attack": [None, 0.1]}


def test_a_reader_that_continues_sees_each_record_once(store: Store) -> None:
    one, two, progress = replica(store), replica(store), Progress()
    ids = []
    for _ in range(3):
        for log in (one, two):
            log.append(prediction_record())
            log.flush()
        batch = read(store, PredictionRecord, day=DAY, progress=progress)
        ids += [record.id for record in batch]
        progress = batch.progress
        assert len(batch.records) == 2
    assert len(set(ids)) == 6
    assert read(store, PredictionRecord, day=DAY, progress=progress).records == ()
    one.close()
    two.close()


def test_the_torn_last_record_of_a_killed_replica_is_no_record(store: Store) -> None:
    log = replica(store)
    log.append(prediction_record())
    log.close()
    path = segment(store)
    path.write_bytes(path.read_bytes() + b'{"id":"half')
    batch = read(store, PredictionRecord, day=DAY)
    assert (len(batch.records), batch.torn) == (1, 0)


def test_a_record_that_was_being_written_is_read_once_it_is_complete(store: Store) -> None:
    log = replica(store)
    log.append(prediction_record())
    log.append(prediction_record())
    log.close()
    path, whole = segment(store), segment(store).read_bytes()
    path.write_bytes(whole[:-10])
    first = read(store, PredictionRecord, day=DAY)
    path.write_bytes(whole)
    second = read(store, PredictionRecord, day=DAY, progress=first.progress)
    assert (len(first.records), len(second.records)) == (1, 1)


def test_a_damaged_line_is_counted_and_the_others_are_read(store: Store) -> None:
    log = replica(store)
    log.append(prediction_record())
    log.close()
    segment(store).write_bytes(b"\x00\x00garbage\n" + segment(store).read_bytes())
    batch = read(store, PredictionRecord, day=DAY)
    assert (len(batch.records), batch.torn) == (1, 1)


def test_a_day_without_segments_is_empty(store: Store) -> None:
    assert read(store, PredictionRecord, day="2026-03-05").records == ()


def test_a_record_is_found_by_its_id_even_if_written_after_midnight(store: Store) -> None:
    log = replica(store)
    late = NOON + 12 * 3600 - 0.001
    identity = make_id(SECRET, time=late)
    log.append(PredictionRecord(**{**_fields(prediction_record()), "id": identity, "time": late + 0.5}))
    log.append(prediction_record())
    log.close()
    record = find_record(store, identity)
    assert record is not None
    assert record.id == identity
    assert find_record(store, make_id(SECRET, time=NOON)) is None
    assert find_record(store, "no id at all") is None


def test_the_last_feedback_on_a_prediction_counts() -> None:
    reports = [feedback("a", attack=True, time=3.0), feedback("a", attack=False, time=9.0)]
    for order in (reports, reports[::-1], reports + reports):
        assert latest_feedback(order) == {"a": reports[1]}


def _fields(record: PredictionRecord) -> dict:  # type: ignore[type-arg]
    return {name: getattr(record, name) for name in record.__struct_fields__}
