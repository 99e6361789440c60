"""Which bundles serve: promotions, rollbacks and refusals, each with its record.

Here belong the moves of the pointer. Not here: whether a model deserves it (`core.evaluation.gate`), the formats of
the pointer (`pointer`) and of the records (`promotion_log`), what a bundle is (`bundles`).

A move writes the record first and the pointer second. The pointer alone says what serves, and names the record
that put it there; so a process killed between the two leaves the old champion serving and one record to which
neither the pointer nor a later record leads: "without effect" in `promotion_history`. The other order
could leave a champion of which nobody knows why it serves.

On a local disk movers wait for each other. On an object store a mover checks the pointer's version directly
before it writes and starts over when it changed; of two movers inside that last moment the later one's
pointer stays, and the record of the other is "without effect".
"""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.registry import promotion_log
from migraine_assets.stores.registry.pointer import Pointer, Refreshed, Serving, read_pointer, refresh, write_pointer
from migraine_assets.stores.registry.promotion_history import Entry, chain, history, undo_chain
from migraine_assets.stores.registry.promotion_log import Record
from migraine_assets.stores.store import Store

__all__ = [
    "TASKS", "Entry", "Pointer", "PromotionConflict", "Record", "Refreshed", "Serving", "exclusive", "history",
    "promote", "read_pointer", "refresh", "refuse", "rollback", "verify_bundle",
]  # fmt: skip

TASKS = ("attack", "severity")
Verify = Callable[[Store, str], object]
_ATTEMPTS = 20


class PromotionConflict(StoreError):
    """The champion is no longer the one against which the candidate was compared."""


def verify_bundle(store: Store, bundle: str) -> object:
    """Load the bundle as the service would. Raises `StoreError` where it is absent, altered or unreadable."""
    from migraine_assets.stores.bundles.bundles import load_bundle

    return load_bundle(store, bundle)


def promote(
    store: Store,
    task: str,
    *,
    champion: str,
    challenger: str | None = None,
    who: str,
    when: dt.datetime,
    why: tuple[str, ...],
    figures: Mapping[str, Any] | None = None,
    dagster_run: str | None = None,
    replaces: str | None = None,
    verify: Verify = verify_bundle,
) -> Record:
    """Let `champion` (and `challenger`) serve `task`, and record it.

    `replaces` is the champion against which the candidate was compared: `PromotionConflict` when another one
    serves by now. Both bundles are verified first. Where exactly these bundles serve already, nothing is
    written and the record in force is returned, so that a repeated run changes nothing.
    """
    draft = _draft(
        task=task, what="promote", who=who, when=when, why=why, to_champion=champion, challenger=challenger,
        figures=figures or {}, dagster_run=dagster_run,
    )  # fmt: skip
    for bundle in filter(None, (champion, challenger)):
        verify(store, bundle)

    def decide(now: Serving | None) -> Record:
        if now and (now.champion, now.challenger) == (champion, challenger):
            return promotion_log.read(store, now.record)
        _check_unchanged(now, task=task, champion=champion, replaces=replaces)
        return draft

    return _move(store, task, decide)


def refuse(
    store: Store,
    task: str,
    *,
    candidate: str,
    who: str,
    when: dt.datetime,
    why: tuple[str, ...],
    challenger: str | None = None,
    figures: Mapping[str, Any] | None = None,
    dagster_run: str | None = None,
) -> Record:
    """Record that `candidate` was trained and not promoted. The pointer stays as it is."""
    draft = _draft(
        task=task, what="refuse", who=who, when=when, why=why, to_champion=candidate, challenger=challenger,
        figures=figures or {}, dagster_run=dagster_run,
    )  # fmt: skip
    return promotion_log.append(store, _following(draft, read_pointer(store).tasks.get(task)))


def rollback(
    store: Store,
    task: str,
    *,
    who: str,
    when: dt.datetime,
    why: tuple[str, ...],
    to: str | None = None,
    verify: Verify = verify_bundle,
) -> Record:
    """Let the champion before the present one serve again, or the former champion `to` (or its beginning).

    Former champions that are no longer in the store or do not verify are passed over, with the reason in the
    record. Rolling back twice goes back two champions. `ConfigurationError` where there is nothing to go to.
    """
    draft = _draft(task=task, what="rollback", who=who, when=when, why=why, to_champion="")

    def decide(now: Serving | None) -> Record:
        if now is None:
            raise ConfigurationError(f"Nothing was promoted for '{task}' yet, so nothing can be rolled back.")
        target, passed_over = _restorable(store, now, to=to, verify=verify)
        challenger = target.challenger if _problem(store, target.challenger, verify) is None else None
        return replace(
            draft,
            to_champion=target.to_champion,
            challenger=challenger,
            restores=target.id,
            why=(*why, *passed_over),
        )

    return _move(store, task, decide)


def _move(store: Store, task: str, decide: Callable[[Serving | None], Record]) -> Record:
    """Append what `decide` makes of the present champion and point to it, unless it is in force already."""
    with exclusive(store):
        for _ in range(_ATTEMPTS):
            pointer = read_pointer(store)
            now = pointer.tasks.get(task)
            draft = decide(now)
            if draft.id:
                return draft
            record = promotion_log.append(store, _following(draft, now))
            if read_pointer(store).version == pointer.version:
                write_pointer(store, _moved(pointer, record))
                return record
    raise StoreError(f"The pointer in {store.uri} changed {_ATTEMPTS} times meanwhile. Try again.")


def exclusive(store: Store) -> AbstractContextManager[None]:
    """Movers of the pointer wait for each other, on a local disk."""
    return file_lock(Path(store.path("registry/.lock"))) if store.local else nullcontext()


def _moved(pointer: Pointer, record: Record) -> Pointer:
    serving = Serving(record.to_champion, record.challenger, record.when, record.id)
    # A trial compares with the champion beside which it began; another champion ends it.
    rollouts = {
        task: rollout
        for task, rollout in pointer.rollouts.items()
        if task != record.task or rollout.against == record.to_champion
    }
    return Pointer(pointer.version + 1, {**pointer.tasks, record.task: serving}, rollouts)


def _draft(*, when: dt.datetime, **fields: Any) -> Record:
    if fields["task"] not in TASKS:
        raise ConfigurationError(f"'{fields['task']}' is not a task; choose one of {', '.join(TASKS)}.")
    if when.tzinfo is None:
        raise ValueError("a promotion needs a time with a time zone")
    return Record(when=when.astimezone(dt.UTC).isoformat(), from_champion=None, **fields)


def _following(draft: Record, now: Serving | None) -> Record:
    return replace(draft, from_champion=now.champion, previous=now.record) if now else draft


def _check_unchanged(now: Serving | None, *, task: str, champion: str, replaces: str | None) -> None:
    if now is not None and replaces is not None and now.champion not in (replaces, champion):
        raise PromotionConflict(
            f"Bundle {champion[:12]} was compared with champion {replaces[:12]} of '{task}', but "
            f"{now.champion[:12]} serves by now. Run the evaluation again."
        )


def _restorable(store: Store, now: Serving, *, to: str | None, verify: Verify) -> tuple[Record, tuple[str, ...]]:
    by_id = {record.id: record for record in promotion_log.records(store)}
    candidates = undo_chain(by_id, now.record) if to is None else chain(by_id, now.record)
    passed_over: dict[str, str] = {}
    for record in candidates:
        bundle = record.to_champion
        if bundle == now.champion or bundle in passed_over or not bundle.startswith(to or ""):
            continue
        problem = _problem(store, bundle, verify)
        if problem is None:
            return record, tuple(passed_over.values())
        passed_over[bundle] = f"Passed over {bundle[:12]}: {problem}"
    raise ConfigurationError(_nothing(to, tuple(passed_over.values())))


def _problem(store: Store, bundle: str | None, verify: Verify) -> str | None:
    try:
        if bundle is not None:
            verify(store, bundle)
    except StoreError as error:
        return str(error)
    return None


def _nothing(to: str | None, passed_over: tuple[str, ...]) -> str:
    what = f"No former champion '{to}'" if to else "No champion before the present one"
    return " ".join((f"{what} is in the store and usable.", *passed_over, "See `migraine history`."))
