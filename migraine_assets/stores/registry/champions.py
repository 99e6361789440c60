"""Promotions, rollbacks and refusals of champions: changing the pointer, each time with a record.

The record is written before the pointer. Only the pointer decides which bundles serve, and it names its record. If a
process is killed between the two writes, the old champion serves on, and no pointer or later record refers to the new
record, which `promotion_history` reports as "without effect". In the reverse order, a champion could have no record.

On a local disk, writers of the pointer wait for each other. In an object store, a writer checks the version of the
pointer just before it writes, and starts again if the version changed. If two writers pass this check at the same time,
the later pointer is kept, and the record of the other writer is "without effect".

Not here: the decision to promote (`core.evaluation.gate`), the format of the pointer (`stores.registry.pointer`) and of
the records (`stores.registry.promotion_log`), bundles (`stores.bundles`).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from migraine_assets.errors import BundleRefused, ConfigurationError, StoreError
from migraine_assets.stores.documents import unless_damaged
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.registry import promotion_log
from migraine_assets.stores.registry.pointer import Pointer, Serving, new_pointer, read_pointer, write_pointer
from migraine_assets.stores.registry.promotion_history import chain, undo_chain
from migraine_assets.stores.registry.promotion_log import PromotionRecord
from migraine_assets.stores.store import Store

TASKS = ("attack", "severity")
Verify = Callable[[Store, str], object]
# Raises an error if the caller may no longer promote.
Fence = Callable[[], object]
_ATTEMPTS = 20


class PromotionConflict(StoreError):
    """The candidate was compared with a model that is no longer the champion."""


def verify_bundle(store: Store, bundle: str) -> object:
    """Load the bundle as the service does.

    Raises `BundleRefused` if it is absent, altered or unreadable, or if it has a feature that this version cannot
    compute.
    """
    from migraine_assets.core.features.plan import compile_recipe
    from migraine_assets.stores.bundles.bundles import load_bundle

    loaded = load_bundle(store, bundle)
    try:
        compile_recipe(loaded.manifest.recipe)
    except ValueError as error:
        raise BundleRefused(f"Bundle {bundle[:12]} cannot be served by this version: {error}") from error
    return loaded


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
    fence: Fence = lambda: None,
) -> PromotionRecord:
    """Promote `champion`, and optionally `challenger`, for `task`, and record it.

    Both bundles are verified first. `replaces` is the champion with which the candidate was compared; raises
    `PromotionConflict` if another one serves now. `fence` is called just before the pointer changes. If exactly these
    bundles already serve, nothing is written and the current record is returned, so that a repeated run changes
    nothing.
    """
    draft = _draft(
        task=task, what="promote", who=who, when=when, why=why, to_champion=champion, challenger=challenger,
        figures=dict(figures or {}), dagster_run=dagster_run,
    )  # fmt: skip
    for bundle in filter(None, (champion, challenger)):
        verify(store, bundle)

    def decide(now: Serving | None) -> PromotionRecord:
        if now and (now.champion, now.challenger) == (champion, challenger):
            return unless_damaged(partial(promotion_log.read, store, now.record), []) or replace(draft, id=now.record)
        _check_unchanged(now, task=task, champion=champion, replaces=replaces)
        return draft

    return _move(store, task, decide, fence=fence)


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
) -> PromotionRecord:
    """Record that `candidate` was not promoted. The pointer does not change."""
    draft = _draft(
        task=task, what="refuse", who=who, when=when, why=why, to_champion=candidate, challenger=challenger,
        figures=dict(figures or {}), dagster_run=dagster_run,
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
) -> PromotionRecord:
    """Roll back to the previous champion, or to the former champion `to` (a hash or its beginning).

    Former champions that are missing or cannot be verified are skipped; the record has the reasons. A second rollback
    goes back one more champion. Raises `ConfigurationError` if there is no usable former champion.
    """
    draft = _draft(task=task, what="rollback", who=who, when=when, why=why, to_champion="")

    def decide(now: Serving | None) -> PromotionRecord:
        if now is None:
            raise ConfigurationError(f"Nothing was promoted for '{task}' yet, so nothing can be rolled back.")
        target, skipped = _restorable(store, task, now, to=to, verify=verify)
        challenger = target.challenger if _problem(store, target.challenger, verify) is None else None
        return replace(
            draft,
            to_champion=target.to_champion,
            challenger=challenger,
            restores=target.id,
            why=(*why, *skipped),
        )

    return _move(store, task, decide)


def _move(
    store: Store, task: str, decide: Callable[[Serving | None], PromotionRecord], *, fence: Fence = lambda: None
) -> PromotionRecord:
    """Append the record that `decide` returns for the current champion, and point to it, unless it is current."""
    with pointer_lock(store):
        for _ in range(_ATTEMPTS):
            pointer = read_pointer(store)
            now = pointer.tasks.get(task)
            draft = decide(now)
            if draft.id:
                return draft
            fence()
            record = promotion_log.append(store, _following(draft, now))
            fence()
            if read_pointer(store).version == pointer.version:
                write_pointer(store, _moved(pointer, record))
                return record
    raise StoreError(f"The pointer in {store.uri} changed {_ATTEMPTS} times in the meantime. Try again.")


def pointer_lock(store: Store) -> AbstractContextManager[None]:
    """Return a lock that serializes writers of the pointer on a local disk."""
    return file_lock(Path(store.path("registry/.lock"))) if store.local else nullcontext()


def _moved(pointer: Pointer, record: PromotionRecord) -> Pointer:
    serving = Serving(record.to_champion, record.challenger, record.when, record.id)
    # A rollout is compared with the champion at its start, so another champion ends it.
    rollouts = {
        task: rollout
        for task, rollout in pointer.rollouts.items()
        if task != record.task or rollout.against == record.to_champion
    }
    return new_pointer(pointer.version + 1, {**pointer.tasks, record.task: serving}, rollouts)


def _draft(*, when: dt.datetime, **fields: Any) -> PromotionRecord:
    if fields["task"] not in TASKS:
        raise ConfigurationError(f"'{fields['task']}' is not a task; choose one of {', '.join(TASKS)}.")
    if when.tzinfo is None:
        raise ValueError("a promotion needs a time with a time zone")
    return PromotionRecord(when=when.astimezone(dt.UTC).isoformat(), from_champion=None, **fields)


def _following(draft: PromotionRecord, now: Serving | None) -> PromotionRecord:
    return replace(draft, from_champion=now.champion, previous=now.record) if now else draft


def _check_unchanged(now: Serving | None, *, task: str, champion: str, replaces: str | None) -> None:
    if now is not None and replaces is not None and now.champion not in (replaces, champion):
        raise PromotionConflict(
            f"Bundle {champion[:12]} was compared with champion {replaces[:12]} of '{task}', but "
            f"{now.champion[:12]} serves now. Run the evaluation again."
        )


def _restorable(
    store: Store, task: str, now: Serving, *, to: str | None, verify: Verify
) -> tuple[PromotionRecord, tuple[str, ...]]:
    damaged: list[str] = []
    by_id = {record.id: record for record in promotion_log.records(store, damaged=damaged)}
    candidates = undo_chain(by_id, now.record, task=task) if to is None else chain(by_id, now.record, task=task)
    skipped = {message: message for message in damaged}
    for record in candidates:
        bundle = record.to_champion
        if bundle == now.champion or bundle in skipped or not bundle.startswith(to or ""):
            continue
        problem = _problem(store, bundle, verify)
        if problem is None:
            return record, tuple(skipped.values())
        skipped[bundle] = f"Skipped {bundle[:12]}: {problem}"
    raise ConfigurationError(_no_target(to, tuple(skipped.values())))


def _problem(store: Store, bundle: str | None, verify: Verify) -> str | None:
    try:
        if bundle is not None:
            verify(store, bundle)
    except StoreError as error:
        return str(error)
    return None


def _no_target(to: str | None, skipped: tuple[str, ...]) -> str:
    what = f"No former champion '{to}'" if to else "No previous champion"
    return " ".join((f"{what} is usable.", *skipped, "See `migraine history`."))
