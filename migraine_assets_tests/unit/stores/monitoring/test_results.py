import datetime as dt
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.monitoring.results import latest, read_result, result_days, since, write_result
from migraine_assets.stores.store import Store

NOW = dt.datetime(2026, 3, 5, 1, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def say(store: Store, number: int, status: str, bundle: str = "b") -> None:
    write_result(store, "drift", day(number), {"tasks": {"attack": {"status": status, "bundle": bundle}}}, now=NOW)


def test_a_result_comes_back_and_is_replaced_when_it_is_found_anew(store: Store) -> None:
    write_result(store, "drift", day(1), {"value": float("nan")}, now=NOW)
    assert read_result(store, "drift", day(1)) == {"value": None}
    write_result(store, "drift", day(1), {"value": 2}, now=NOW)
    assert read_result(store, "drift", day(1)) == {"value": 2}
    assert read_result(store, "realised", day(1)) is None


def test_the_newest_day_counts_whenever_it_was_written(store: Store) -> None:
    assert latest(store, "drift") is None
    for number in (3, 1, 2):
        say(store, number, "none")
    assert result_days(store, "drift") == [day(1), day(2), day(3)]
    assert latest(store, "drift") == (day(3), {"tasks": {"attack": {"status": "none", "bundle": "b"}}})


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 9, "content": {}}', b'{"format": 1, "content": []}'])
def test_a_damaged_result_is_named_with_the_remedy(store: Store, content: bytes) -> None:
    store.write("monitoring/results/drift/2026-03-01.json", content)
    with pytest.raises(StoreError, match=r"2026-03-01\.json"):
        read_result(store, "drift", day(1))


def test_the_same_drift_day_after_day_is_one_event(store: Store) -> None:
    for number, status in ((1, "drift"), (2, "none"), (3, "drift"), (4, "too little data"), (5, "drift")):
        say(store, number, status)
    assert since(store, "drift", day(5), "attack", bundle="b", status="drift") == day(3)
    assert since(store, "drift", day(1), "attack", bundle="b", status="drift") == day(1)


def test_another_model_makes_another_event(store: Store) -> None:
    say(store, 1, "drift", "old")
    say(store, 2, "drift", "new")
    assert since(store, "drift", day(2), "attack", bundle="new", status="drift") == day(2)
