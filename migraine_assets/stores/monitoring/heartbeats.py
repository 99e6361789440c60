"""Heartbeats: the time of the last evaluation of each sensor and schedule, in a file each.

Not here: detecting a missed heartbeat (`defs.alerting.machine`).
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import Document, read_document, write_document
from migraine_assets.stores.store import Store

FOLDER = "monitoring/heartbeats"
_NAME = re.compile(r"[A-Za-z0-9_]+")


class Heartbeat(Document, frozen=True):
    """The time of the last evaluation, UTC."""

    at: Annotated[dt.datetime, msgspec.Meta(tz=True)]


def record_heartbeat(store: Store, name: str, *, now: dt.datetime) -> None:
    """Record that the sensor or schedule `name` was evaluated."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not the name of a sensor or schedule")
    write_document(store, f"{FOLDER}/{name}.json", Heartbeat(now.astimezone(dt.UTC)))


def heartbeats(store: Store) -> Mapping[str, dt.datetime]:
    """Return the last heartbeat of each name. A damaged one is left out, so it appears as missed."""
    beats = {}
    for leaf in store.list(FOLDER):
        try:
            # Earlier versions wrote no format number.
            beat = read_document(store, f"{FOLDER}/{leaf}", Heartbeat, numbered=False)
        except StoreError:
            continue
        beats[leaf.removesuffix(".json")] = beat.at
    return beats
