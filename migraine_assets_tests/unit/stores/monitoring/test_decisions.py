import datetime as dt
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from migraine_assets.errors import StoreError
from migraine_assets.stores.monitoring.decisions import AutomationDecision, decisions, record_decision
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
REFUSED = AutomationDecision(NOON, "drift", "attack", False, ("A run is in flight.",), "drift:attack:b:2026-03-01")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def test_a_repeated_decision_is_recorded_once(store: Store) -> None:
    assert record_decision(store, REFUSED)
    assert not record_decision(store, replace(REFUSED, when=NOON + dt.timedelta(seconds=30)))
    assert decisions(store) == (REFUSED,)


def test_a_changed_decision_is_recorded_and_so_is_the_change_back(store: Store) -> None:
    accepted = replace(REFUSED, when=NOON + dt.timedelta(minutes=1), acted=True, reasons=("Free again.",))
    again = replace(REFUSED, when=NOON + dt.timedelta(days=1))
    assert [record_decision(store, decision) for decision in (REFUSED, accepted, again)] == [True, True, True]
    assert decisions(store) == (REFUSED, accepted, again)
    assert decisions(store, since=dt.date(2026, 3, 2)) == (again,)


def test_the_decisions_of_another_sensor_do_not_count(store: Store) -> None:
    other = replace(REFUSED, when=NOON + dt.timedelta(seconds=1), sensor="degradation")
    assert record_decision(store, REFUSED)
    assert record_decision(store, other)
    assert not record_decision(store, replace(REFUSED, when=NOON + dt.timedelta(seconds=2)))


def test_a_damaged_decision_is_named(store: Store) -> None:
    store.write("monitoring/decisions/2026-03-01/120000-x.json", b"{}")
    with pytest.raises(StoreError, match=r"120000-x\.json"):
        decisions(store)


def test_a_decision_of_the_first_version_is_read(store: Store) -> None:
    document = {
        "about": "attack", "acted": False, "format": 1, "reasons": ["A run is in flight."],
        "run_key": "drift:attack:b:2026-03-01", "sensor": "drift", "when": "2026-03-01T12:00:00+00:00",
    }  # fmt: skip
    store.write("monitoring/decisions/2026-03-01/120000000000-x.json", json.dumps(document, indent=1).encode())
    assert decisions(store) == (REFUSED,)
