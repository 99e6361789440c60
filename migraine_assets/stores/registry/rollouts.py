"""Starting and ending rollouts of a candidate beside a champion, in the pointer.

Not here: promotions (`stores.registry.champions`), choosing the participants of a rollout (`prediction.scoring`).
"""

import datetime as dt
from collections.abc import Callable

from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.registry.champions import Verify, pointer_lock, verify_bundle
from migraine_assets.stores.registry.pointer import Mode, Pointer, Rollout, new_pointer, read_pointer, write_pointer
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
    """Start a rollout of `bundle` (default: the challenger) beside the champion of `task`; it replaces another rollout.

    `percent` (0-100) is a share of participants. The rollout ends with `end_rollout`, or when another champion serves.
    Raises `ConfigurationError` if there is no champion or no candidate.
    """
    if not 0 <= percent <= 100:
        raise ConfigurationError(f"A rollout reaches 0 to 100 percent of participants, not {percent:g}.")

    def decide(pointer: Pointer) -> Rollout:
        serving = pointer.tasks.get(task)
        candidate = bundle or (serving.challenger if serving else None)
        if serving is None or candidate is None:
            raise ConfigurationError(
                f"'{task}' has no champion or no challenger to compare: promote first, or name a bundle."
            )
        if candidate == serving.champion:
            raise ConfigurationError(f"{candidate[:12]} is the champion of '{task}' already: name another bundle.")
        verify(store, candidate)
        since = when.astimezone(dt.UTC).isoformat()
        return Rollout(mode, candidate, float(percent), serving.champion, who, since, why)

    return _set_rollout(store, task, decide)


def end_rollout(store: Store, task: str) -> Rollout:
    """End the rollout of `task` and return it. Raises `ConfigurationError` if there is none."""
    with pointer_lock(store):
        pointer = read_pointer(store)
        if task not in pointer.rollouts:
            raise ConfigurationError(f"'{task}' has no rollout.")
        others = {name: rollout for name, rollout in pointer.rollouts.items() if name != task}
        write_pointer(store, new_pointer(pointer.version + 1, pointer.tasks, others))
        return pointer.rollouts[task]


def _set_rollout(store: Store, task: str, decide: Callable[[Pointer], Rollout]) -> Rollout:
    with pointer_lock(store):
        pointer = read_pointer(store)
        rollout = decide(pointer)
        write_pointer(store, new_pointer(pointer.version + 1, pointer.tasks, {**pointer.rollouts, task: rollout}))
        return rollout
