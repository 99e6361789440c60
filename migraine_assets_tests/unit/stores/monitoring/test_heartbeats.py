import datetime as dt
from pathlib import Path

import pytest

from migraine_assets.stores.monitoring.heartbeats import heartbeats, record_heartbeat
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_the_last_heartbeat_counts_and_a_damaged_one_is_missed(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert heartbeats(store) == {}
    for minutes in (0, 5):
        record_heartbeat(store, "drift", now=NOON + dt.timedelta(minutes=minutes))
    store.write("monitoring/heartbeats/other.json", b"no")
    assert heartbeats(store) == {"drift": NOON + dt.timedelta(minutes=5)}


def test_a_path_is_refused_as_a_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the name"):
        record_heartbeat(Store(str(tmp_path)), "../drift", now=NOON)
