"""Trials of a second bundle beside a champion: begun and ended in the pointer.

Not here: promotions (`registry`), who is in a trial (the service decides that from the pointer).
"""

import datetime as dt
from collections.abc import Callable

from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.registry.champions import Verify, exclusive, verify_bundle
from migraine_assets.stores.registry.pointer import Mode, Pointer, Rollout, read_pointer, write_pointer
from migraine_assets.stores.store import Store


def start_rollout(
    store: Store,
    task: str,
    *,
    mode: Mode,
    percent: float,
    who: str,
    when: dt.datetime,
    why: str,
    bundle: str | None = None,
    verify: Verify = verify_bundle,
) -> Rollout:
    """Put `bundle` (by default the challenger) on trial beside the champion of `task`, in place of any other trial.

    `percent` 0-100 of people. The trial ends with `end_rollout`, and with the champion against which it began.
    """
    if not 0 <= percent <= 100:
        raise ConfigurationError(f"A rollout reaches 0 to 100 percent of people, not {percent:g}.")

    def decide(pointer: Pointer) -> Rollout:
        now = pointer.tasks.get(task)
        chosen = bundle or (now.challenger if now else None)
        if now is None or chosen is None:
            raise ConfigurationError(f"'{task}' has no champion and challenger to compare: promote first, or name one.")
        if chosen == now.champion:
            raise ConfigurationError(f"{chosen[:12]} is the champion of '{task}' already: name another bundle.")
        verify(store, chosen)
        since = when.astimezone(dt.UTC).isoformat()
        return Rollout(mode, chosen, float(percent), now.champion, who, since, why)

    return _set_rollout(store, task, decide)


def end_rollout(store: Store, task: str) -> Rollout:
    """End the trial of `task` and give it back. `ConfigurationError` where there is none."""
    with exclusive(store):
        pointer = read_pointer(store)
        if task not in pointer.rollouts:
            raise ConfigurationError(f"No rollout of '{task}' is going on.")
        rest = {name: rollout for name, rollout in pointer.rollouts.items() if name != task}
        write_pointer(store, Pointer(pointer.version + 1, pointer.tasks, rest))
        return pointer.rollouts[task]


def _set_rollout(store: Store, task: str, decide: Callable[[Pointer], Rollout]) -> Rollout:
    with exclusive(store):
        pointer = read_pointer(store)
        rollout = decide(pointer)
        write_pointer(store, Pointer(pointer.version + 1, pointer.tasks, {**pointer.rollouts, task: rollout}))
        return rollout
