"""Erasure of a participant from messages that are queued for webhooks.

Not here: the other traces (`stores.erasure`).
"""

from pathlib import Path

from migraine_assets.core.alerts.above_usual import TYPE, pseudonyms, without
from migraine_assets.stores.alerts import outbox
from migraine_assets.stores.alerts.notifier import DELIVERY_LOCK
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.store import Store


def queued_about(store: Store, pseudonym: str) -> dict[str, int]:
    """Return the number of queued forecasts of the participant, by path of the message."""
    queued = [one for one in outbox.queued_messages(store) if one.message.title == TYPE]
    counts = {f"{outbox.FOLDER}/{one.name}": pseudonyms(one.message).count(pseudonym) for one in queued}
    return {path: count for path, count in counts.items() if count}


def erase_queued(store: Store, home: Path, pseudonym: str) -> None:
    """Remove the queued forecasts of the participant. `home`: folder of the locks. Raises `StoreError`."""
    # A delivery at the same time would write the old content again.
    with file_lock(home / DELIVERY_LOCK):
        for queued in outbox.queued_messages(store):
            if queued.message.title == TYPE and pseudonym in pseudonyms(queued.message):
                outbox.replace(store, queued, without(queued.message, {pseudonym}))
