"""What became of each promotion record, and the way back.

Here belong the chains through the records: each names the one that was in force before it, and a rollback the
one to which it returns. Not here: moving the pointer (`registry`), the records' format (`promotion_log`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from migraine_assets.stores.registry import promotion_log
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_log import Record
from migraine_assets.stores.store import Store

Effect = Literal["in force", "superseded", "refused", "without effect"]


@dataclass(frozen=True)
class Entry:
    """A record and what became of it; "without effect": its process died before the pointer moved."""

    record: Record
    effect: Effect


def history(store: Store) -> tuple[Entry, ...]:
    """Every record, oldest first, with what became of it."""
    found = promotion_log.records(store)
    by_id = {record.id: record for record in found}
    in_force = {serving.record for serving in read_pointer(store).tasks.values()}
    effective = {record.id for start in in_force for record in chain(by_id, start)}
    return tuple(Entry(record, _effect(record, in_force=in_force, effective=effective)) for record in found)


def chain(by_id: Mapping[str, Record], start: str) -> Iterator[Record]:
    """The record `start`, the one that was in force before it, and so on."""
    record = by_id.get(start)
    while record is not None:
        yield record
        record = by_id.get(record.previous) if record.previous else None


def undo_chain(by_id: Mapping[str, Record], start: str) -> Iterator[Record]:
    """The promotions to which successive rollbacks return, the present one first; undone ones are left out."""
    record = by_id.get(start)
    while record is not None:
        while record.restores is not None and record.restores in by_id:
            record = by_id[record.restores]
        yield record
        record = by_id.get(record.previous) if record.previous else None


def _effect(record: Record, *, in_force: set[str], effective: set[str]) -> Effect:
    if record.what == "refuse":
        return "refused"
    if record.id in in_force:
        return "in force"
    return "superseded" if record.id in effective else "without effect"
