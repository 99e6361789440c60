"""Readers of many files report a damaged file and read the others; each byte of a file is flipped in turn."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from migraine_assets.defs.refs import FoldsRef, current, to_stored
from migraine_assets.errors import DataRefused, FileMissing, StoreError
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.assets.current_values import read_current, write_current
from migraine_assets.stores.assets.frames import read_frame, write_frame
from migraine_assets.stores.monitoring.collection import collect_feedback, collect_predictions
from migraine_assets.stores.monitoring.decisions import AutomationDecision, decisions, record_decision
from migraine_assets.stores.monitoring.results import DRIFT, event_start, latest_result
from migraine_assets.stores.prediction_log import reader
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.registry.champions import promote, rollback
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.simulated import is_simulated
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.unit.stores.prediction_log.log_records import feedback, prediction_record
from migraine_assets_tests.unit.stores.test_erasure import _accept

DAY, NOW = dt.date(2026, 3, 1), dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def _flips(store: Store, path: str) -> Iterator[bytes]:
    """Write the file with each byte flipped in turn, and finally with its original content."""
    file = Path(store.path(path))
    whole = file.read_bytes()
    for position, byte in enumerate(whole):
        file.write_bytes(whole[:position] + bytes([byte ^ 0xFF]) + whole[position + 1 :])
        yield whole
    file.write_bytes(whole)


def _readable(read: Callable[[], object]) -> bool:
    """Return whether `read` succeeds. Errors other than `StoreError` are raised."""
    try:
        read()
    except StoreError:
        return False
    return True


def test_no_byte_of_a_frame_can_be_changed_unnoticed(store: Store) -> None:
    frame = pd.DataFrame({"participant_id": ["P-1", "P-2"], "date": pd.to_datetime(["2026-03-01"] * 2), "x": [1.0, 2]})
    ref = write_frame(store, "features", frame)
    for _ in _flips(store, ref.path):
        assert not _readable(lambda: read_frame(store, ref))
        assert not _readable(lambda: read_frame(store, ref, ["x"]))
    assert read_frame(store, ref).equals(frame)


def test_every_byte_of_a_current_value_gives_a_value_or_a_store_error(store: Store) -> None:
    frame = write_frame(store, "folds", pd.DataFrame({"x": [1.0]}))
    value = FoldsRef(frame, A, ("part",), (("train", "1"),), None)
    write_current(store, "folds", to_stored(value))
    bad = sum(not _readable(lambda: current(store, "folds")) for _ in _flips(store, "assets/folds.json"))
    assert bad > 100
    assert current(store, "folds") == value
    stored = read_current(store, "folds")
    assert stored is not None


def test_every_byte_of_the_delivery_log_gives_an_entry_or_a_store_error(store: Store) -> None:
    identity = _accept(store, ("a.csv", b"P-1"))
    delivery_files.erase(store, identity, also_erased={identity}, when="2026-03-05")
    for path in (f"deliveries/log/000001-{identity}.json", f"deliveries/erased/{identity}.json"):
        for _ in _flips(store, path):
            for read in (
                delivery_log.read_log,
                delivery_log.latest,
                lambda store: delivery_files.erased_at(store, identity),
            ):
                _readable(lambda read=read: read(store))  # type: ignore[misc]
    store.write("deliveries/numbers/not a number", b"")
    assert delivery_files.erased_at(store, identity) == "2026-03-05"
    _accept(store, ("b.csv", b"P-2"))
    assert [entry.number for entry in delivery_log.read_log(store)] == [1, 2]


def test_a_damaged_delivery_record_stops_neither_the_next_delivery_nor_monitoring(store: Store) -> None:
    first, second = _accept(store, ("a.csv", b"P-1")), _accept(store, ("b.csv", b"P-2"))
    path = f"deliveries/log/000002-{second}.json"
    store.write(path, b"{")
    named: list[str] = []
    newest = delivery_log.latest(store, damaged=named)
    assert newest is not None
    assert (newest.acceptance.md5, len(named)) == (first, 1)
    assert path in named[0]
    assert delivery_log.find(store, first).number == 1
    with pytest.raises(DataRefused, match=path):
        delivery_log.find(store, second)
    assert not is_simulated(store, A, second)
    _accept(store, ("b.csv", b"P-2"))
    assert [entry.number for entry in delivery_log.read_log(store, damaged=[])] == [1, 3]


def _promote(store: Store, bundle: str) -> None:
    promote(store, "attack", champion=bundle, who="ann", when=NOW, why=("t",), verify=lambda _, name: name)


@pytest.mark.parametrize("damaged", ["000001", "000002", "000003"])
def test_a_damaged_promotion_record_blocks_neither_history_nor_rollback(store: Store, damaged: str) -> None:
    for bundle in (A, B, C):
        _promote(store, bundle)
    path = f"registry/promotions/{damaged}.json"
    store.write(path, b"{")
    named: list[str] = []
    assert len(history(store, damaged=named)) == 2
    assert path in named[0]
    with pytest.raises(StoreError, match=path):
        history(store)
    back = rollback(store, "attack", who="ann", when=NOW, why=("t",), verify=lambda _, name: name)
    assert back.to_champion == (A if damaged == "000002" else B)
    assert any(path in reason for reason in back.why)
    assert read_pointer(store).tasks["attack"].champion == back.to_champion
    _promote(store, back.to_champion)


def test_a_damaged_decision_stops_no_sensor(store: Store) -> None:
    decision = AutomationDecision(NOW, "drift", "attack", False, ("why",), "key")
    assert record_decision(store, decision)
    store.write(f"monitoring/decisions/{DAY}/999999-x.json", b"\xff")
    assert not record_decision(store, decision)
    named: list[str] = []
    assert decisions(store, damaged=named) == (decision,)
    assert "999999-x.json" in named[0]


def test_a_damaged_result_is_skipped_and_interrupts_no_event(store: Store) -> None:
    days = [DAY + dt.timedelta(days=k) for k in range(4)]
    for day in days:
        write_task_result(store, "drift", "drift", day=day, now=NOW)
    newest = latest_result(store, DRIFT)
    assert newest is not None
    bundle = newest[1].tasks["attack"].bundle
    for day in (days[1], days[3]):
        store.write(f"monitoring/results/drift/{day}.json", b"{")
    named: list[str] = []
    result = latest_result(store, DRIFT, damaged=named)
    assert result is not None
    assert (result[0], len(named)) == (days[2], 1)
    assert event_start(store, DRIFT, days[2], "attack", bundle=bundle, status="drift") == days[0]


def _segment(store: Store, kind: str, lines: bytes) -> None:
    target = segments(store, kind, segment_bytes=1 << 20)
    target.write(DAY.isoformat(), lines)
    target.close()


@pytest.mark.parametrize("damage", [b"\xff", b'{"id": "torn', b"null", b"[" * 100_000, b'{"time": 1e400}'])
def test_a_damaged_segment_is_skipped_counted_and_named(store: Store, damage: bytes) -> None:
    import msgspec

    good, answer = prediction_record(), feedback(prediction_record().id, attack=True)
    _segment(store, "predictions", msgspec.json.encode(good) + b"\n" + damage + b"\n")
    _segment(store, "feedback", damage + b"\n" + msgspec.json.encode(answer) + b"\n")
    unreadable = Path(store.path(f"log/predictions/{DAY}/folder.jsonl"))
    unreadable.mkdir()
    predictions, feedbacks = collect_predictions(store, DAY), collect_feedback(store, DAY)
    assert (predictions.rows, predictions.torn, feedbacks.rows, feedbacks.torn) == (len(good.bundles), 1, 1, 1)
    assert len(predictions.damaged) == 2
    assert any("folder.jsonl" in sentence for sentence in predictions.damaged)
    assert "1 lines" in feedbacks.damaged[0]
    assert reader.find_record(store, good.id) == good
    assert reader.read(store, PredictionRecord, day=DAY.isoformat()).damaged == predictions.damaged


def test_a_store_that_does_not_answer_is_not_an_empty_one(tmp_path: Path) -> None:
    """Otherwise the next promotion would replace the pointer as if nothing had ever been promoted."""
    store = Store("memory://outage")

    def fail(*_: object, **__: object) -> None:
        raise TimeoutError("no answer")  # drivers also raise errors that are not OSError

    class Unreachable(Exception):
        """An error like those of botocore, which have no base class of the standard library."""

    def unreachable(*_: object, **__: object) -> None:
        raise Unreachable("no answer")

    for error in (fail, unreachable):
        store.fs = type("Fs", (), {name: staticmethod(error) for name in ("info", "cat_file", "ls", "pipe_file", "rm")})
        for use in (store.exists, store.read, store.list, store.delete, read_pointer):
            with pytest.raises(StoreError, match="no answer") as caught:
                use(store if use is read_pointer else "x")  # type: ignore[arg-type,operator]
            assert not isinstance(caught.value, FileMissing)
        with pytest.raises(StoreError, match="cannot be written"):
            store.write("x", b"")
    with pytest.raises(FileMissing):
        Store(str(tmp_path)).read("nothing")
