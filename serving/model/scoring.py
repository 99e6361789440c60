"""From rows of features to numbers: each person by the model of its arm, silent second opinions.

Here belong arrays. Not here: the features (`cases`), what the numbers mean to a reader (`engine`).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features import engine
from serving.model.loaded import HISTORY, Served
from serving.model.watcher import TaskModel

# Of 2^64: the share of people in the trial.
_WHOLE = 1 << 64


def in_trial(key: bytes, *, secret: bytes, trial: str, percent: float) -> bool:
    """Whether the person `key` is among the `percent` (0-100) who get the model of `trial`."""
    digest = hashlib.blake2b(key, key=hashlib.sha256(secret).digest(), salt=_salt(trial), digest_size=8).digest()
    return int.from_bytes(digest, "big") < int(percent / 100 * _WHOLE)


def _salt(trial: str) -> bytes:
    return hashlib.blake2b(trial.encode(), digest_size=16).digest()


Rows = NDArray[np.float32]
Outputs = NDArray[np.float64]
Places = NDArray[np.intp]

_KNOWN_DAYS = engine.NAMES.index(HISTORY)


@dataclass(frozen=True, eq=False)
class Silent:
    """What a silent model said of the rows `places` of its group."""

    served: Served
    places: Places
    rows: Rows
    outputs: Outputs


@dataclass(frozen=True, eq=False)
class Group:
    """The people that one model answered. `places` intp[k]: which of all; `rows` float32[k, F] in the order of its
    manifest; `outputs` float64[k], NaN where it abstains for lack of `needed` known days (0: of anything).
    """

    served: Served
    arm: str
    places: Places
    rows: Rows
    outputs: Outputs
    needed: int
    silent: Silent | None = None


def score(
    task: str,
    model: TaskModel,
    keys: Callable[[], Sequence[bytes]],
    computed: Rows,
    *,
    secret: bytes,
    least_days: int,
) -> tuple[Group, ...]:
    """Everybody, float32[n, features], by the models of `task`. `keys`: what keeps each person in one arm."""
    everybody, trial = np.arange(len(computed)), model.trial
    if trial is None:
        return (_group(model.champion, "champion", everybody, computed, least_days),)
    name, percent = f"{task}:{trial.rollout.bundle}", trial.rollout.percent
    tried = np.array([in_trial(key, secret=secret, trial=name, percent=percent) for key in keys()], dtype=np.bool_)
    if trial.rollout.mode == "shadow":
        group = _group(model.champion, "champion", everybody, computed, least_days)
        return (_with_silent(group, trial.served, computed, tried),)
    arms = ((model.champion, "champion", ~tried), (trial.served, trial.rollout.mode, tried))
    return tuple(
        _group(served, arm, everybody[chosen], computed[chosen], least_days)
        for served, arm, chosen in arms
        if chosen.any()
    )


def _group(served: Served, arm: str, places: Places, computed: Rows, least_days: int) -> Group:
    rows = computed if served.asks_all else np.take(computed, served.inputs, axis=1)
    needed = max(served.least_days, least_days) if served.least_days else 0
    enough = computed[:, _KNOWN_DAYS] >= needed if needed else _anything(rows)
    if enough.all():
        return Group(served, arm, places, rows, served.bundle.predict(rows), needed)
    outputs = np.full(len(rows), np.nan)
    if enough.any():
        outputs[enough] = served.bundle.predict(rows[enough])
    return Group(served, arm, places, rows, outputs, needed)


def _anything(rows: Rows) -> NDArray[np.bool_]:
    """Whether anything that the model looks at is known of each person, bool[n]."""
    return np.asarray(~np.isnan(rows).all(axis=1))


def _with_silent(group: Group, silent: Served, computed: Rows, tried: NDArray[np.bool_]) -> Group:
    """With what `silent` says of those in the trial for whom the champion spoke."""
    chosen = np.flatnonzero(tried & ~np.isnan(group.outputs))
    if not chosen.size:
        return group
    rows = np.take(computed[chosen], silent.inputs, axis=1)
    return replace(group, silent=Silent(silent, chosen, rows, silent.bundle.predict(rows)))
