"""Queued messages, one file each: `alerts/outbox/<time>-<hash>.json`.

A message is queued before it is sent, and removed when all channels have accepted it. So no message is lost if a
channel is unreachable or the process is killed; at worst it is sent twice. Not here: the rules of retries
(`core.alerts.retry`), sending (`stores.alerts.channels`).
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
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

FOLDER, FORMAT = "alerts/outbox", 1
PRUNED_AFTER_DAYS = 30
# Messages with changes that could not be written (full disk), by store and name, so that this process sends none twice.
_unwritten: dict[str, dict[str, "QueuedMessage"]] = {}


@dataclass(frozen=True)
class QueuedMessage:
    """A message that some channels have not accepted yet. `pending`, `labels`: by id of the channel."""

    name: str
    message: Message
    pending: Mapping[str, Pending]
    labels: Mapping[str, str]


class _Document(msgspec.Struct, frozen=True):
    format: int
    message: Message
    pending: dict[str, Pending]
    labels: dict[str, str]


def add(store: Store, message: Message, receivers: Iterable[Channel], *, now: dt.datetime) -> QueuedMessage:
    """Queue a message for its receivers. Raises `StoreError` if it cannot be written."""
    receivers = tuple(receivers)
    digest = hashlib.sha256(msgspec.json.encode(message)).hexdigest()[:12]
    name = f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%S.%f}-{digest}.json"
    queued = QueuedMessage(
        name,
        message,
        {channel.id: Pending(made=now, due=now) for channel in receivers},
        {channel.id: channel.label for channel in receivers},
    )
    _write(store, queued)
    return queued


def update(store: Store, queued: QueuedMessage, pending: Mapping[str, Pending]) -> None:
    """Replace the pending channels of a message, and remove the message if there are none. Never raises."""
    unwritten = _unwritten.setdefault(store.uri, {})
    rest = QueuedMessage(queued.name, queued.message, pending, queued.labels)
    try:
        _write(store, rest) if pending else store.delete(f"{FOLDER}/{queued.name}")
    except (StoreError, OSError):
        unwritten[queued.name] = rest
    else:
        unwritten.pop(queued.name, None)


def replace(store: Store, queued: QueuedMessage, message: Message) -> None:
    """Replace the content of a queued message. Raises `StoreError` if it cannot be written."""
    _write(store, QueuedMessage(queued.name, message, queued.pending, queued.labels))


def queued_messages(store: Store) -> list[QueuedMessage]:
    """Return all queued messages, oldest first, including those that were given up. Invalid files are skipped."""
    unwritten = _unwritten.get(store.uri, {})
    messages = [unwritten.get(name) or _read(store, name) for name in store.list(FOLDER)]
    return [queued for queued in messages if queued is not None]


def prune(store: Store, *, now: dt.datetime) -> int:
    """Remove messages that are older than a month; return their number."""
    limit = now - dt.timedelta(days=PRUNED_AFTER_DAYS)
    old = [queued.name for queued in queued_messages(store) if queued.message.made < limit]
    for name in old:
        store.delete(f"{FOLDER}/{name}")
    return len(old)


def _write(store: Store, queued: QueuedMessage) -> None:
    document = _Document(FORMAT, queued.message, dict(queued.pending), dict(queued.labels))
    store.write(f"{FOLDER}/{queued.name}", msgspec.json.encode(document))


def _read(store: Store, name: str) -> QueuedMessage | None:
    try:
        document = msgspec.json.decode(store.read(f"{FOLDER}/{name}"), type=_Document)
    except (StoreError, *UNREADABLE):
        return None
    if document.format != FORMAT:
        return None
    return QueuedMessage(name, document.message, document.pending, document.labels)
