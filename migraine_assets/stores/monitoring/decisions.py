"""Decisions of the automation with their reasons, in one immutable file each.

    monitoring/decisions/<day>/<time>-<key>.json

Decisions not to act are recorded too. Not here: deciding (`core.monitoring.retraining`,
`core.monitoring.rollout_test`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from migraine_assets.stores.documents import Document, encode_document, read_document, unless_damaged
from migraine_assets.stores.store import Store

FOLDER = "monitoring/decisions"


class AutomationDecision(Document, frozen=True):
    """One decision. `when`: UTC. `about`: description of its subject. `run_key`: key of the event."""

    when: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    sensor: str
    about: str
    acted: bool
    reasons: tuple[str, ...]
    run_key: str

    @property
    def content(self) -> tuple[Any, ...]:
        """All fields except the time; equal for repeated decisions."""
        return (self.sensor, self.about, self.acted, self.reasons, self.run_key)


def record_decision(store: Store, decision: AutomationDecision) -> bool:
    """Store a decision unless it repeats the last one of the same sensor; return whether it was stored.

    Damaged decisions are skipped, because they must not stop the sensors.
    """
    last = next((recorded for recorded in _newest_first(store) if recorded.sensor == decision.sensor), None)
    if last is not None and last.content == decision.content:
        return False
    when = decision.when.astimezone(dt.UTC)
    key = hashlib.sha256(repr(decision.content).encode()).hexdigest()[:12]
    leaf = f"{when.strftime('%H%M%S%f')}-{key}.json"
    return store.create(f"{FOLDER}/{when.date()}/{leaf}", encode_document(replace(decision, when=when)))


def decisions(
    store: Store, *, since: dt.date | None = None, damaged: list[str] | None = None
) -> tuple[AutomationDecision, ...]:
    """Return the decisions from the day `since` on, oldest first.

    A damaged one raises `StoreError`. If `damaged` is a list, the message is appended to it and the decision is
    skipped.
    """
    days = [day for day in store.list(FOLDER) if since is None or day >= since.isoformat()]
    paths = (f"{FOLDER}/{day}/{leaf}" for day in days for leaf in store.list(f"{FOLDER}/{day}"))
    decisions = (unless_damaged(partial(_read, store, path), damaged) for path in paths)
    return tuple(decision for decision in decisions if decision is not None)


def _newest_first(store: Store) -> Iterator[AutomationDecision]:
    for day in reversed(store.list(FOLDER)):
        for leaf in reversed(store.list(f"{FOLDER}/{day}")):
            decision = unless_damaged(partial(_read, store, f"{FOLDER}/{day}/{leaf}"), [])
            if decision is not None:
                yield decision


def _read(store: Store, path: str) -> AutomationDecision:
    return read_document(store, path, AutomationDecision, remedy="Move it out of the store.")
