"""What automation decided, and why: one file for each decision, never changed.

    monitoring/decisions/<day>/<time>-<key>.json

Also the decision not to act is one. Not here: deciding (`core.monitoring.retraining`).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

FORMAT = 1
FOLDER = "monitoring/decisions"


@dataclass(frozen=True)
class Recorded:
    """One decision. `when`: UTC; `about`: what it is about, in words; `run_key`: of the event, the same however often
    it is looked at.
    """

    when: dt.datetime
    sensor: str
    about: str
    acted: bool
    reasons: tuple[str, ...]
    run_key: str

    @property
    def same_as(self) -> tuple[Any, ...]:
        """Equal for decisions that say nothing new."""
        return (self.sensor, self.about, self.acted, self.reasons, self.run_key)


def record(store: Store, decision: Recorded) -> bool:
    """Keep a decision, unless the last one of the same sensor said the same; whether it was kept."""
    last = next((kept for kept in _newest_first(store) if kept.sensor == decision.sensor), None)
    if last is not None and last.same_as == decision.same_as:
        return False
    when = decision.when.astimezone(dt.UTC)
    document = {"format": FORMAT, **asdict(decision), "when": when.isoformat()}
    key = hashlib.sha256(repr(decision.same_as).encode()).hexdigest()[:12]
    leaf = f"{when.strftime('%H%M%S%f')}-{key}.json"
    return store.create(f"{FOLDER}/{when.date()}/{leaf}", json.dumps(document, indent=1, sort_keys=True).encode())


def decisions(store: Store, *, since: dt.date | None = None) -> tuple[Recorded, ...]:
    """The decisions from the day `since` on, oldest first. Raises `StoreError` naming a damaged one."""
    days = [day for day in store.list(FOLDER) if since is None or day >= since.isoformat()]
    return tuple(_read(store, f"{FOLDER}/{day}/{leaf}") for day in days for leaf in store.list(f"{FOLDER}/{day}"))


def _newest_first(store: Store) -> Iterator[Recorded]:
    for day in reversed(store.list(FOLDER)):
        for leaf in reversed(store.list(f"{FOLDER}/{day}")):
            yield _read(store, f"{FOLDER}/{day}/{leaf}")


def _read(store: Store, path: str) -> Recorded:
    try:
        document = json.loads(store.read(path))
        if document.pop("format") != FORMAT:
            raise ValueError(f"it has another format than {FORMAT}")
        when, reasons = dt.datetime.fromisoformat(document.pop("when")), tuple(document.pop("reasons"))
        return Recorded(when=when, reasons=reasons, **document)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"'{path}' in {store.uri} is no decision: {error}. Move it away.") from error
