"""The log of promotion records: one numbered JSON file per decision, never changed and never deleted.

Not here: the bundles that serve (`stores.registry.champions`).
"""

import re
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import Document, encode_document, read_document, unless_damaged
from migraine_assets.stores.store import Store

FOLDER = "registry/promotions"
REMEDY = "Restore it from a backup, or move it out of the store."
What = Literal["promote", "rollback", "refuse"]
_NAME = re.compile(r"(\d{6,})\.json")


class PromotionRecord(Document, frozen=True, kw_only=True):
    """One decision about the champion of a task, with its reasons.

    `who` made the decision. `when`: ISO 8601, UTC. `figures`: the evidence at that time. `previous`: id of the record
    that was current before. `restores`: id of the record to which a rollback returns. `id`: empty until the record is
    appended.
    """

    task: str
    what: What
    who: str
    when: str
    why: tuple[str, ...]
    from_champion: str | None = msgspec.field(name="from")
    to_champion: str = msgspec.field(name="to")
    challenger: str | None = None
    figures: dict[str, Any] = msgspec.field(default_factory=dict)
    dagster_run: str | None = None
    previous: str | None = None
    restores: str | None = None
    id: str = ""


def append(store: Store, record: PromotionRecord) -> PromotionRecord:
    """Write `record` with the next free number, and return it with this number as its id.

    Files are created exclusively, so if another writer takes the number first, the next one is used.
    """
    number = max((int(name) for name in _ids(store)), default=0)
    while True:
        number += 1
        numbered = replace(record, id=f"{number:06d}")
        if store.create(_path(numbered.id), encode_document(numbered)):
            return numbered


def records(store: Store, *, damaged: list[str] | None = None) -> tuple[PromotionRecord, ...]:
    """Return every record, oldest first.

    A damaged one raises `StoreError`. If `damaged` is a list, the message is appended to it and the record is skipped.
    """
    known = (unless_damaged(partial(read, store, name), damaged) for name in sorted(_ids(store), key=int))
    return tuple(record for record in known if record is not None)


def read(store: Store, record_id: str) -> PromotionRecord:
    """Return one record. Raises `StoreError` if it is absent, damaged or of an unknown format."""
    record = read_document(store, _path(record_id), PromotionRecord, remedy=REMEDY)
    if record.id != record_id:
        raise StoreError(f"'{_path(record_id)}' in {store.uri} is the record '{record.id}'. It was renamed or copied.")
    return record


def _ids(store: Store) -> list[str]:
    return [match[1] for name in store.list(FOLDER) if (match := _NAME.fullmatch(name))]


def _path(record_id: str) -> str:
    return f"{FOLDER}/{record_id}.json"
