import datetime as dt
from pathlib import Path

import msgspec
import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.monitoring.collection import (
    collect_feedback,
    collect_predictions,
    collected_days,
    read_collected,
)
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.prediction_log.log_records import NOON, feedback, prediction_record

DAY = dt.date(2026, 3, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def write(store: Store, *records: msgspec.Struct, kind: str = "predictions", tail: bytes = b"") -> None:
    """Write one segment of one replica; `tail` is a partial line left by a kill."""
    target = segments(store, kind, segment_bytes=1 << 20)
    target.write(DAY.isoformat(), b"".join(msgspec.json.encode(record) + b"\n" for record in records) + tail)
    target.close()


def ids(store: Store) -> list[str]:
    return [str(identity) for identity in read_collected(store, "predictions", DAY).column("id").to_pylist()]


def test_each_record_is_collected_once(store: Store) -> None:
    one, two = prediction_record(time=NOON + 5), prediction_record(time=NOON + 1)
    write(store, one)
    write(store, two, one)
    assert (collect_predictions(store, DAY).rows, collect_predictions(store, DAY).new) == (2, 0)
    assert ids(store) == [two.id, one.id]


def test_later_records_are_added(store: Store) -> None:
    write(store, prediction_record())
    collect_predictions(store, DAY)
    late = prediction_record(time=NOON + 9)
    write(store, late)
    assert collect_predictions(store, DAY).new == 1
    assert ids(store)[-1] == late.id


def test_the_order_of_segments_does_not_change_the_file(tmp_path: Path) -> None:
    records = [prediction_record(time=NOON + k) for k in range(4)]
    contents = []
    for name, order in (("a", records), ("b", records[::-1])):
        store = Store(str(tmp_path / name))
        for record in order:
            write(store, record)
        contents.append(store.read(collect_predictions(store, DAY).path))
    assert contents[0] == contents[1]


def test_a_partial_line_is_no_record_until_it_is_complete(store: Store) -> None:
    whole, half = prediction_record(), msgspec.json.encode(prediction_record(time=NOON + 1))
    write(store, whole, tail=half[:40])
    assert collect_predictions(store, DAY).rows == 1
    path = next(Path(store.path("log/predictions")).rglob("*.jsonl"))
    path.write_bytes(path.read_bytes() + half[40:] + b"\n")
    assert collect_predictions(store, DAY).rows == 2


def test_a_torn_line_in_the_middle_is_counted_and_the_rest_is_read(store: Store) -> None:
    write(store, prediction_record(), tail=b'{"id": "x", "ti\n')
    write(store, prediction_record(time=NOON + 1))
    collected = collect_predictions(store, DAY)
    assert (collected.rows, collected.torn) == (2, 1)


def test_collected_records_outlive_their_segments(store: Store) -> None:
    write(store, prediction_record())
    collect_predictions(store, DAY)
    store.delete("log/predictions")
    assert collect_predictions(store, DAY).rows == 1
    assert collected_days(store, "predictions") == [DAY]


def test_an_empty_day_is_an_empty_table_and_no_file(store: Store) -> None:
    assert collect_predictions(store, DAY).rows == 0
    assert read_collected(store, "predictions", DAY, ["id", "features"]).num_rows == 0
    assert collected_days(store, "predictions") == []


def test_a_row_holds_the_record_of_each_task(store: Store) -> None:
    record = msgspec.structs.replace(
        prediction_record(),
        participant="p",
        features={"attack": [1.0, None], "severity": [2.0]},
        outputs={"attack": 0.25},
        bundles={"attack": "a", "severity": "s"},
        arm="canary",
        shadow_outputs={"attack": 0.5},
        shadow_bundles={"attack": "c"},
    )
    write(store, record)
    collect_predictions(store, DAY)
    attack, severity = read_collected(store, "predictions", DAY).to_pylist()
    assert (attack["features"], attack["output"], attack["shadow_output"], attack["arm"]) == (
        [1.0, None],
        0.25,
        0.5,
        "canary",
    )
    assert (severity["bundle"], severity["output"], severity["shadow_bundle"]) == ("s", None, None)
    assert attack["for_date"] == dt.date(2026, 3, 2)


def test_feedback_keeps_its_history_without_repetitions(store: Store) -> None:
    identity = prediction_record().id
    first, changed = feedback(identity, attack=False), feedback(identity, attack=True, time=NOON + 60)
    write(store, first, changed, kind="feedback")
    write(store, first, kind="feedback")
    assert collect_feedback(store, DAY).rows == 2
    assert read_collected(store, "feedback", DAY).column("attack").to_pylist() == [False, True]


def test_a_damaged_file_is_named_with_the_remedy_and_collected_again(store: Store) -> None:
    write(store, prediction_record())
    store.write(collect_predictions(store, DAY).path, b"PAR1 no")
    with pytest.raises(StoreError, match="Delete it and collect the day again"):
        read_collected(store, "predictions", DAY)
    again = collect_predictions(store, DAY)
    assert (again.rows, again.new) == (1, 1)
    assert "predictions" in again.damaged[0]
    assert collect_predictions(store, DAY).damaged == ()


def test_a_record_without_tasks_makes_no_row(store: Store) -> None:
    empty = PredictionRecord(
        id=prediction_record().id, time=NOON, participant=None, for_date=None, features={}, outputs={}, bundles={}
    )
    write(store, empty)
    assert collect_predictions(store, DAY).rows == 0
