"""States of alerts are stored with the keys of the file format, which files of earlier versions have."""

import datetime as dt
import json
from pathlib import Path

from migraine_assets.core.alerts.kinds import Alert
from migraine_assets.core.alerts.lifecycle import AlertState
from migraine_assets.stores.alerts.open_alerts import all_states, save, states
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ALERT = Alert("drift_detected", "attack", "sleep_hours moved.", NOON, "error", model="knn 0123", link="https://x/y")
STATE = AlertState(
    ALERT,
    first_seen=NOON,
    last_seen=NOON + dt.timedelta(hours=1),
    notified_at=NOON,
    notified_severity="error",
    count=3,
    folded=2,
    resolved_at=NOON + dt.timedelta(hours=2),
)
DOCUMENT = {
    "format": 1,
    "standing": {
        "alert": {
            "kind": "drift_detected",
            "key": "attack",
            "what": "sleep_hours moved.",
            "since": "2026-03-01T12:00:00Z",
            "severity": "error",
            "model": "knn 0123",
            "link": "https://x/y",
            "happened": None,
        },
        "first": "2026-03-01T12:00:00Z",
        "seen": "2026-03-01T13:00:00Z",
        "told": "2026-03-01T12:00:00Z",
        "told_severity": "error",
        "count": 3,
        "folded": 2,
        "absent_since": None,
        "over": "2026-03-01T14:00:00Z",
    },
}


def test_a_state_is_written_in_the_file_format(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    save(store, STATE)
    [leaf] = store.list("alerts/state/drift_detected")
    assert json.loads(store.read(f"alerts/state/drift_detected/{leaf}")) == DOCUMENT


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("alerts/state/drift_detected/0123.json", json.dumps(DOCUMENT).encode())
    assert states(store, "drift_detected") == {"attack": STATE}
    assert all_states(store) == [STATE]


def test_a_file_of_an_unknown_format_counts_as_absent(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("alerts/state/drift_detected/0123.json", json.dumps({**DOCUMENT, "format": 2}).encode())
    assert all_states(store) == []
