"""When each sensor and schedule was last evaluated, one small file each. Not here: who misses a beat (alerts)."""

import datetime as dt
import json
import re
from collections.abc import Mapping

from migraine_assets.stores.store import Store

FOLDER = "monitoring/heartbeats"
_NAME = re.compile(r"[A-Za-z0-9_]+")


def beat(store: Store, name: str, *, now: dt.datetime) -> None:
    """Say that `name` is alive at `now`."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is no name of a sensor")
    store.write(f"{FOLDER}/{name}.json", json.dumps({"at": now.astimezone(dt.UTC).isoformat()}).encode())


def heartbeats(store: Store) -> Mapping[str, dt.datetime]:
    """The last beat of everyone who ever beat, UTC; damaged ones are left out, and so are missed."""
    found = {}
    for leaf in store.list(FOLDER):
        try:
            found[leaf.removesuffix(".json")] = dt.datetime.fromisoformat(
                json.loads(store.read(f"{FOLDER}/{leaf}"))["at"]
            )
        except (ValueError, KeyError, TypeError):
            continue
    return found
