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


def history(store: Store, *, damaged: list[str] | None = None) -> tuple[HistoryEntry, ...]:
    """Return every record, oldest first, with what became of it. `damaged`: as for `promotion_log.records`."""
    records = promotion_log.records(store, damaged=damaged)
    by_id = {record.id: record for record in records}
    starts = {task: serving.record for task, serving in read_pointer(store).tasks.items()}
    effective = {record.id for task, start in starts.items() for record in chain(by_id, start, task=task)}
    in_force = set(starts.values())
    return tuple(HistoryEntry(record, _effect(record, in_force=in_force, effective=effective)) for record in records)


def chain(by_id: Mapping[str, PromotionRecord], start: str, *, task: str) -> Iterator[PromotionRecord]:
    """Yield the record `start`, the one that was in force before it, and so on."""
    record, visited = _at_or_before(by_id, start, task=task), set[str]()
    # A damaged store may hold records that name each other in a circle.
    while record is not None and record.id not in visited:
        yield record
        visited.add(record.id)
        record = _at_or_before(by_id, record.previous, task=task)


def undo_chain(by_id: Mapping[str, PromotionRecord], start: str, *, task: str) -> Iterator[PromotionRecord]:
    """Yield the promotions to which successive rollbacks return, the present one first, without undone ones."""
    record, visited = _at_or_before(by_id, start, task=task), set[str]()
    while record is not None and record.id not in visited:
        visited.add(record.id)
        if record.restores is not None and record.restores in by_id:
            record = by_id[record.restores]
            continue
        yield record
        record = _at_or_before(by_id, record.previous, task=task)


def _at_or_before(by_id: Mapping[str, PromotionRecord], record_id: str | None, *, task: str) -> PromotionRecord | None:
    """Return the record `record_id`. In place of a damaged one: the last move of `task` that is older and readable."""
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
