"""The effects of promotion records, and the order of rollbacks.

Each record names the previous record, and a rollback names the record to which it returns. This module follows these
chains. Not here: changing the pointer (`stores.registry.champions`), the format of the records
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
    """A record and its effect. "without effect": its process was killed before the pointer changed."""

    record: PromotionRecord
    effect: Effect


def history(store: Store, *, damaged: list[str] | None = None) -> tuple[HistoryEntry, ...]:
    """Return every record with its effect, oldest first. `damaged`: see `promotion_log.records`."""
    records = promotion_log.records(store, damaged=damaged)
    by_id = {record.id: record for record in records}
    starts = {task: serving.record for task, serving in read_pointer(store).tasks.items()}
    effective = {record.id for task, start in starts.items() for record in chain(by_id, start, task=task)}
    in_force = set(starts.values())
    return tuple(HistoryEntry(record, _effect(record, in_force=in_force, effective=effective)) for record in records)


def chain(by_id: Mapping[str, PromotionRecord], start: str, *, task: str) -> Iterator[PromotionRecord]:
    """Yield the record `start`, its previous record, and so on."""
    record, visited = _at_or_before(by_id, start, task=task), set[str]()
    # In a damaged store, records can form a cycle.
    while record is not None and record.id not in visited:
        yield record
        visited.add(record.id)
        record = _at_or_before(by_id, record.previous, task=task)


def undo_chain(by_id: Mapping[str, PromotionRecord], start: str, *, task: str) -> Iterator[PromotionRecord]:
    """Yield the current promotion, then those to which successive rollbacks return, without undone promotions."""
    record, visited = _at_or_before(by_id, start, task=task), set[str]()
    while record is not None and record.id not in visited:
        visited.add(record.id)
        if record.restores is not None and record.restores in by_id:
            record = by_id[record.restores]
            continue
        yield record
        record = _at_or_before(by_id, record.previous, task=task)


def _at_or_before(by_id: Mapping[str, PromotionRecord], record_id: str | None, *, task: str) -> PromotionRecord | None:
    """Return the record `record_id` or, if it is damaged, the last older promotion or rollback of `task`."""
    if not record_id or record_id in by_id:
        return by_id.get(record_id or "")
    older = [record for record in by_id.values() if record.task == task and record.what != "refuse"]
    return max((record for record in older if record.id < record_id), key=lambda record: record.id, default=None)


def _effect(record: PromotionRecord, *, in_force: set[str], effective: set[str]) -> Effect:
    if record.what == "refuse":
        return "refused"
    if record.id in in_force:
        return "in force"
    return "superseded" if record.id in effective else "without effect"
