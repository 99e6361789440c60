"""The pointer file: which bundles serve now. Small, read often, replaced whole.

Here belong its format, reading it and believing it or not. Not here: who may move it, and why (`registry`).
Format 1 had no rollouts; it stays readable.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

FORMAT = 2
READABLE = (1, 2)
POINTER = "registry/pointer.json"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Serving:
    """What serves one task: bundle hashes, since when (ISO 8601, UTC), and the record that put them there."""

    champion: str
    challenger: str | None
    since: str
    record: str


Mode = Literal["shadow", "canary", "ab"]


@dataclass(frozen=True)
class Rollout:
    """A second bundle of a task on trial beside its champion: what it gets, and who began it, when and why.

    `shadow` is asked silently for `percent` of people, `canary` and `ab` answer them. `against` is the champion
    beside which it began.
    """

    mode: Mode
    bundle: str
    percent: float
    against: str
    who: str
    since: str
    why: str


@dataclass(frozen=True)
class Pointer:
    """The whole pointer file. `version` grows by one with each move; 0 means that nothing was ever promoted."""

    version: int
    tasks: Mapping[str, Serving]
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)


@dataclass(frozen=True)
class Refreshed:
    """The pointer to go by, and, where the file cannot be believed, why the last good one is kept."""

    pointer: Pointer
    problem: str | None = None


def read_pointer(store: Store) -> Pointer:
    """The pointer, verified; version 0 where there is none. `StoreError` where it is damaged or unknown."""
    if not store.exists(POINTER):
        return Pointer(0, {})
    try:
        content = json.loads(store.read(POINTER))
        number = content["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(store, error) from error
    if number not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise StoreError(f"'{POINTER}' in {store.uri} has format {number!r}; only {known} are known here.")
    try:
        tasks = {str(task): _serving(serving) for task, serving in content["tasks"].items()}
        rollouts = {str(task): _rollout(trial) for task, trial in content.get("rollouts", {}).items()}
        return Pointer(int(content["version"]), tasks, rollouts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(store, error) from error


def refresh(store: Store, last: Pointer | None) -> Refreshed:
    """The pointer as it is now, or `last` with the reason where it is gone or cannot be believed.

    Raises `StoreError` when it cannot be believed and there is no last good one.
    """
    try:
        pointer = read_pointer(store)
    except StoreError as error:
        if last is None:
            raise
        return Refreshed(last, str(error))
    if last is not None and last.version and not pointer.version:
        return Refreshed(last, f"'{POINTER}' has disappeared from {store.uri}.")
    return Refreshed(pointer)


def write_pointer(store: Store, pointer: Pointer) -> None:
    """Replace the pointer file, whole or not at all. Only `registry` calls this."""
    tasks = {task: vars(serving) for task, serving in pointer.tasks.items()}
    rollouts = {task: vars(rollout) for task, rollout in pointer.rollouts.items()}
    content = {"format": FORMAT, "version": pointer.version, "tasks": tasks, "rollouts": rollouts}
    store.write(POINTER, json.dumps(content, indent=1, sort_keys=True).encode())


def _serving(content: Mapping[str, Any]) -> Serving:
    serving = Serving(**content)
    for bundle in (serving.champion, serving.challenger):
        if bundle is not None and not _HASH.fullmatch(bundle):
            raise ValueError(f"'{bundle}' is not the SHA-256 of a bundle")
    if not (isinstance(serving.record, str) and isinstance(serving.since, str)):
        raise ValueError("a champion has no record")
    return serving


def _rollout(content: Mapping[str, Any]) -> Rollout:
    rollout = Rollout(**content)
    if rollout.mode not in get_args(Mode) or not 0 <= float(rollout.percent) <= 100:
        raise ValueError(f"'{rollout.mode}' at {rollout.percent!r} % is no rollout")
    for bundle in (rollout.bundle, rollout.against):
        if not _HASH.fullmatch(bundle):
            raise ValueError(f"'{bundle}' is not the SHA-256 of a bundle")
    return rollout


def _damaged(store: Store, error: Exception) -> StoreError:
    return StoreError(
        f"'{POINTER}' in {store.uri} cannot be believed: {error}. The promotion records beside it say "
        "what served; put the file back from a copy, or move it away and promote again."
    )
