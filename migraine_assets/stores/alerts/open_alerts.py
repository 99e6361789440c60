"""The alerts that are known, one file each: `alerts/state/<kind>/<hash of the key>.json`.

One file each, so that two who look at different things never overwrite one another. Not here: what changes a standing
(`core.alerts.lifecycle`).
"""

import datetime as dt
import hashlib

import msgspec

from migraine_assets.core.alerts.lifecycle import Standing
from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

FOLDER, FORMAT = "alerts/state", 1
FORGOTTEN_AFTER_DAYS = 30
# What could not be written (a full disk), so that this process at least does not tell it each minute: by store.
_unwritten: dict[str, dict[tuple[str, str], Standing]] = {}


class _Kept(msgspec.Struct, frozen=True):
    format: int
    standing: Standing


def known(store: Store, kind: str) -> dict[str, Standing]:
    """The standings of a kind by key; those that are over, too.

    A damaged file counts as absent: to be told twice is better than not at all.
    """
    found = [_read(store, f"{FOLDER}/{kind}/{leaf}") for leaf in store.list(f"{FOLDER}/{kind}")]
    by_key = {standing.alert.key: standing for standing in found if standing is not None}
    unwritten = _unwritten.get(store.uri, {})
    return by_key | {key: standing for (its, key), standing in unwritten.items() if its == kind}


def all_known(store: Store) -> list[Standing]:
    """Every standing, in the order of kinds and keys."""
    return [by_key[key] for kind in store.list(FOLDER) for by_key in [known(store, kind)] for key in sorted(by_key)]


def keep(store: Store, standing: Standing) -> None:
    """Write a standing in place of the one before. Never raises: what the store does not take is kept in memory."""
    mine = _unwritten.setdefault(store.uri, {})
    try:
        store.write(_path(standing), msgspec.json.encode(_Kept(FORMAT, standing)))
    except StoreError:
        mine[standing.alert.identity] = standing
    else:
        mine.pop(standing.alert.identity, None)


def forget_old(store: Store, *, now: dt.datetime) -> int:
    """Remove what has been over for a month, and events after which nothing came for as long; how many.

    A run that nobody ever repeats, or a check that is no longer in the code, would otherwise stay open for ever.
    """
    limit = now - dt.timedelta(days=FORGOTTEN_AFTER_DAYS)
    settled = [one for one in all_known(store) if one.over is not None or one.alert.happened is not None]
    old = [one for one in settled if (one.over or one.seen) < limit]
    for standing in old:
        store.delete(_path(standing))
    return len(old)


def _path(standing: Standing) -> str:
    kind, key = standing.alert.identity
    return f"{FOLDER}/{kind}/{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


def _read(store: Store, path: str) -> Standing | None:
    try:
        kept = msgspec.json.decode(store.read(path), type=_Kept)
    except (StoreError, msgspec.DecodeError):
        return None
    return kept.standing if kept.format == FORMAT else None
