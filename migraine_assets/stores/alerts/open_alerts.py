"""The states of alerts: `alerts/state/<kind>/<hash of the key>.json`.

Each alert has its own file, so that different sensors never overwrite the states of each other. Not here: changes of a
state (`core.alerts.lifecycle`).
"""

import datetime as dt
import hashlib
from dataclasses import fields

import msgspec

from migraine_assets.core.alerts.kinds import Alert, Severity
from migraine_assets.core.alerts.lifecycle import AlertState
from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

FOLDER, FORMAT = "alerts/state", 1
PRUNED_AFTER_DAYS = 30
# States that could not be written (full disk), by store, so that this process does not send them again each minute.
_unwritten: dict[str, dict[tuple[str, str], AlertState]] = {}
_KEYS = {
    "first_seen": "first",
    "last_seen": "seen",
    "notified_at": "told",
    "notified_severity": "told_severity",
    "resolved_at": "over",
}


class _StoredState(msgspec.Struct, frozen=True, rename=_KEYS):
    """`AlertState` with the keys of the file format."""

    alert: Alert
    first_seen: dt.datetime
    last_seen: dt.datetime
    notified_at: dt.datetime
    notified_severity: Severity
    count: int = 1
    folded: int = 0
    absent_since: dt.datetime | None = None
    resolved_at: dt.datetime | None = None


class _Document(msgspec.Struct, frozen=True):
    format: int
    standing: _StoredState


def states(store: Store, kind: str) -> dict[str, AlertState]:
    """Return the states of the alerts of a kind by key, including resolved ones.

    An invalid file is treated as absent, because a repeated message is better than none.
    """
    stored = [_read(store, f"{FOLDER}/{kind}/{leaf}") for leaf in store.list(f"{FOLDER}/{kind}")]
    by_key = {state.alert.key: state for state in stored if state is not None}
    unwritten = _unwritten.get(store.uri, {})
    return by_key | {key: state for (its_kind, key), state in unwritten.items() if its_kind == kind}


def all_states(store: Store) -> list[AlertState]:
    """Return the states of all alerts, ordered by kind and key."""
    return [by_key[key] for kind in store.list(FOLDER) for by_key in [states(store, kind)] for key in sorted(by_key)]


def save(store: Store, state: AlertState) -> None:
    """Replace the state of an alert. Never raises; a state that cannot be written is kept in memory."""
    unwritten = _unwritten.setdefault(store.uri, {})
    try:
        store.write(_path(state), msgspec.json.encode(_Document(FORMAT, _to_stored(state))))
    except StoreError:
        unwritten[state.alert.identity] = state
    else:
        unwritten.pop(state.alert.identity, None)


def prune(store: Store, *, now: dt.datetime) -> int:
    """Remove alerts that were resolved, or whose last event was, more than a month ago; return their number.

    Otherwise the alert of a run that is never repeated, or of a check that no longer exists, would stay open forever.
    """
    limit = now - dt.timedelta(days=PRUNED_AFTER_DAYS)
    removable = [one for one in all_states(store) if one.resolved_at is not None or one.alert.happened is not None]
    old = [one for one in removable if (one.resolved_at or one.last_seen) < limit]
    for state in old:
        store.delete(_path(state))
    return len(old)


def _path(state: AlertState) -> str:
    kind, key = state.alert.identity
    return f"{FOLDER}/{kind}/{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


def _to_stored(state: AlertState) -> _StoredState:
    return _StoredState(**{field.name: getattr(state, field.name) for field in fields(state)})


def _read(store: Store, path: str) -> AlertState | None:
    try:
        document = msgspec.json.decode(store.read(path), type=_Document)
    except (StoreError, *UNREADABLE):
        return None
    return AlertState(**msgspec.structs.asdict(document.standing)) if document.format == FORMAT else None
