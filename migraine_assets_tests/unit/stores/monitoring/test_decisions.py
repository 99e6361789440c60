import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.monitoring.decisions import Recorded, decisions, record
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WAITS = Recorded(NOON, "drift", "attack", False, ("A run is in flight.",), "drift:attack:b:2026-03-01")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def test_a_decision_is_kept_once_however_often_it_is_taken(store: Store) -> None:
    assert record(store, WAITS)
    assert not record(store, replace(WAITS, when=NOON + dt.timedelta(seconds=30)))
    assert decisions(store) == (WAITS,)


def test_a_changed_mind_is_kept_and_so_is_the_way_back(store: Store) -> None:
    acts = replace(WAITS, when=NOON + dt.timedelta(minutes=1), acted=True, reasons=("Free again.",))
    again = replace(WAITS, when=NOON + dt.timedelta(days=1))
    assert [record(store, decision) for decision in (WAITS, acts, again)] == [True, True, True]
    assert decisions(store) == (WAITS, acts, again)
    assert decisions(store, since=dt.date(2026, 3, 2)) == (again,)


def test_what_another_sensor_says_in_between_changes_nothing(store: Store) -> None:
    other = replace(WAITS, when=NOON + dt.timedelta(seconds=1), sensor="degradation")
    assert record(store, WAITS)
    assert record(store, other)
    assert not record(store, replace(WAITS, when=NOON + dt.timedelta(seconds=2)))


def test_a_damaged_decision_is_named(store: Store) -> None:
    store.write("monitoring/decisions/2026-03-01/120000-x.json", b"{}")
    with pytest.raises(StoreError, match=r"120000-x\.json"):
        decisions(store)
