"""What became of each promotion record, and the way back.

Here: the chains through the records. Each record names the one that was in force before it, and a rollback names the
one to which it returns. Not here: moving the pointer (`stores.registry.champions`), the format of the records
(`stores.registry.promotion_log`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from migraine_assets.stores.registry import promotion_log
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_log import PromotionRecord
from migraine_assets.stores.store import Store

Effect = Literal["in force", "superseded", "refused", "without effect"]


@dataclass(frozen=True)
class HistoryEntry:
    """A record and what became of it; "without effect": its process died before the pointer moved."""

    record: PromotionRecord
    effect: Effect


def history(store: Store) -> tuple[HistoryEntry, ...]:
    """Return every record, oldest first, with what became of it."""
    records = promotion_log.records(store)
    by_id = {record.id: record for record in records}
    in_force = {serving.record for serving in read_pointer(store).tasks.values()}
    effective = {record.id for start in in_force for record in chain(by_id, start)}
    return tuple(HistoryEntry(record, _effect(record, in_force=in_force, effective=effective)) for record in records)


def chain(by_id: Mapping[str, PromotionRecord], start: str) -> Iterator[PromotionRecord]:
    """Yield the record `start`, the one that was in force before it, and so on."""
    record, visited = by_id.get(start), set[str]()
    # A damaged store may hold records that name each other in a circle.
    while record is not None and record.id not in visited:
        yield record
        visited.add(record.id)
        record = by_id.get(record.previous) if record.previous else None


def undo_chain(by_id: Mapping[str, PromotionRecord], start: str) -> Iterator[PromotionRecord]:
    """Yield the promotions to which successive rollbacks return, the present one first, without undone ones."""
    record, visited = by_id.get(start), set[str]()
    while record is not None and record.id not in visited:
        visited.add(record.id)
        if record.restores is not None and record.restores in by_id:
            record = by_id[record.restores]
            continue
        yield record
        record = by_id.get(record.previous) if record.previous else None


def _effect(record: PromotionRecord, *, in_force: set[str], effective: set[str]) -> Effect:
    if record.what == "refuse":
        return "refused"
    if record.id in in_force:
        return "in force"
    return "superseded" if record.id in effective else "without effect"
