"""Messages on their way: `alerts/outbox/<time>-<hash>.json`, written before anything is sent, removed when all have it.

So a message survives a channel that cannot be reached and a process that is killed; at worst it arrives twice. Not
here: when it is sent again (`core.alerts.retry`), and how (`channels`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from migraine_assets.core.alerts.message import Message
from migraine_assets.core.alerts.retry import Pending
from migraine_assets.errors import StoreError
from migraine_assets.stores.alerts.channels import Channel
from migraine_assets.stores.store import Store

FOLDER, FORMAT = "alerts/outbox", 1
FORGOTTEN_AFTER_DAYS = 30
# What a full disk did not let be written, so that this process at least sends nothing twice: by store and name.
_unwritten: dict[str, dict[str, "Waiting"]] = {}


@dataclass(frozen=True)
class Waiting:
    """A message that some channels still have to get. `labels`: what to call them; both by the channel's id."""

    name: str
    message: Message
    pending: Mapping[str, Pending]
    labels: Mapping[str, str]


class _Kept(msgspec.Struct, frozen=True):
    format: int
    message: Message
    pending: dict[str, Pending]
    labels: dict[str, str]


def put(store: Store, message: Message, receivers: Iterable[Channel], *, now: dt.datetime) -> Waiting:
    """Keep a message for its receivers. `StoreError` where it cannot be written."""
    receivers = tuple(receivers)
    digest = hashlib.sha256(msgspec.json.encode(message)).hexdigest()[:12]
    name = f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%S.%f}-{digest}.json"
    waiting = Waiting(
        name,
        message,
        {channel.id: Pending(made=now, due=now) for channel in receivers},
        {channel.id: channel.label for channel in receivers},
    )
    _write(store, waiting)
    return waiting


def settle(store: Store, waiting: Waiting, pending: Mapping[str, Pending]) -> None:
    """What is left to do for a message: nothing removes it. Never raises: see `_unwritten`."""
    mine = _unwritten.setdefault(store.uri, {})
    left = Waiting(waiting.name, waiting.message, pending, waiting.labels)
    try:
        _write(store, left) if pending else store.delete(f"{FOLDER}/{waiting.name}")
    except (StoreError, OSError):
        mine[waiting.name] = left
    else:
        mine.pop(waiting.name, None)


def waiting_messages(store: Store) -> list[Waiting]:
    """All that wait, the oldest first, also those given up. A damaged one is left where it is, and not counted."""
    unwritten = _unwritten.get(store.uri, {})
    found = [unwritten.get(name) or _read(store, name) for name in store.list(FOLDER)]
    return [waiting for waiting in found if waiting is not None]


def forget_old(store: Store, *, now: dt.datetime) -> int:
    """Remove what was made more than a month ago; how many."""
    limit = now - dt.timedelta(days=FORGOTTEN_AFTER_DAYS)
    old = [waiting.name for waiting in waiting_messages(store) if waiting.message.made < limit]
    for name in old:
        store.delete(f"{FOLDER}/{name}")
    return len(old)


def _write(store: Store, waiting: Waiting) -> None:
    kept = _Kept(FORMAT, waiting.message, dict(waiting.pending), dict(waiting.labels))
    store.write(f"{FOLDER}/{waiting.name}", msgspec.json.encode(kept))


def _read(store: Store, name: str) -> Waiting | None:
    try:
        kept = msgspec.json.decode(store.read(f"{FOLDER}/{name}"), type=_Kept)
    except (StoreError, msgspec.DecodeError):
        return None
    return Waiting(name, kept.message, kept.pending, kept.labels) if kept.format == FORMAT else None
