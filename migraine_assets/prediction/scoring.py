"""Model outputs from rows of features: assignment to rollout arms, abstention, shadow models.

Not here: features (`prediction.history_features`), what the outputs mean to a reader (`prediction.answers`).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from migraine_assets.prediction.loaded import LoadedModel
from migraine_assets.prediction.model_set import TaskModel
from migraine_assets.prediction.recipe import ModelRecipe
from migraine_assets.stores.bundles.onnx_session import CHUNK

Rows = NDArray[np.float32]
Outputs = NDArray[np.float64]
Positions = NDArray[np.intp]

Check = Callable[[], None]

_HASH_RANGE = 1 << 64


@dataclass(frozen=True, eq=False)
class Shadow:
    """Outputs of a shadow model: `outputs` float64[j] for `rows` float32[j, F], at `positions` intp[j] of its group."""

    model: LoadedModel
    positions: Positions
    rows: Rows
    outputs: Outputs


@dataclass(frozen=True, eq=False)
class Group:
    """The predictions that one model answered.

    `positions` intp[k]: which of all predictions; `rows` float32[k, F] in the order of its manifest; `outputs`
    float64[k], NaN where it abstains because fewer than `needed_days` days are known (0: because nothing is known).
    """

    model: LoadedModel
    arm: str
    positions: Positions
    rows: Rows
    outputs: Outputs
    needed_days: int
    shadow: Shadow | None = None


def score(
    task: str,
    model: TaskModel,
    keys: Callable[[], Sequence[bytes]],
    features: Callable[[ModelRecipe], Rows],
    *,
    secret: bytes,
    least_history_days: int,
    check: Check,
) -> tuple[Group, ...]:
    """Run the models of `task` on n rows. Returns their outputs; every row is in exactly one group.

    `features`: returns float32[n, features] for a recipe. `keys`: returns n keys; the same key always falls into the
    same arm of a rollout. `check` is called between chunks of rows, and its exceptions are passed on.
    """
    champion_features, candidate = features(model.champion.recipe), model.candidate
    everyone = np.arange(len(champion_features))
    if candidate is None:
        return (_group(model.champion, "champion", everyone, champion_features, least_history_days, check),)
    candidate_features = features(candidate.model.recipe)
    rollout = candidate.rollout
    name = f"{task}:{rollout.bundle}"
    assigned = np.array(
        [in_rollout(key, secret=secret, rollout=name, percent=rollout.percent) for key in keys()], dtype=np.bool_
    )
    if rollout.mode == "shadow":
        group = _group(model.champion, "champion", everyone, champion_features, least_history_days, check)
        return (_with_shadow(group, candidate.model, candidate_features, assigned, check),)
    arms = (
        (model.champion, "champion", champion_features, ~assigned),
        (candidate.model, rollout.mode, candidate_features, assigned),
    )
    return tuple(
        _group(loaded, arm, everyone[chosen], rows[chosen], least_history_days, check)
        for loaded, arm, rows, chosen in arms
        if chosen.any()
    )


def in_rollout(key: bytes, *, secret: bytes, rollout: str, percent: float) -> bool:
    """Return whether the participant `key` is among the `percent` (0-100) who get the candidate of `rollout`."""
    salt = hashlib.blake2b(rollout.encode(), digest_size=16).digest()
    digest = hashlib.blake2b(key, key=hashlib.sha256(secret).digest(), salt=salt, digest_size=8).digest()
    return int.from_bytes(digest, "big") < int(percent / 100 * _HASH_RANGE)


def outputs_of(model: LoadedModel, rows: Rows, check: Check) -> Outputs:
    """Return the outputs of `model`, float64[n]. `check` is called between chunks, which do not change the result."""
    if len(rows) <= CHUNK:
        return model.bundle.predict(rows)
    parts = []
    for first in range(0, len(rows), CHUNK):
        check()
        parts.append(model.bundle.predict(rows[first : first + CHUNK]))
    return np.concatenate(parts)


def _group(
    model: LoadedModel, arm: str, positions: Positions, features: Rows, least_history_days: int, check: Check
) -> Group:
    rows = features if model.takes_all else np.take(features, model.inputs, axis=1)
    needed = max(model.least_days, least_history_days) if model.least_days else 0
    enough = features[:, model.recipe.known_days] >= needed if needed else _any_known(rows)
    if enough.all():
        return Group(model, arm, positions, rows, outputs_of(model, rows, check), needed)
    outputs = np.full(len(rows), np.nan)
    if enough.any():
        outputs[enough] = outputs_of(model, rows[enough], check)
    return Group(model, arm, positions, rows, outputs, needed)


def _any_known(rows: Rows) -> NDArray[np.bool_]:
    """Return whether each row has any feature that is not null, bool[n]."""
    return np.asarray(~np.isnan(rows).all(axis=1))


def _with_shadow(group: Group, model: LoadedModel, features: Rows, assigned: NDArray[np.bool_], check: Check) -> Group:
    """Add the outputs of `model` for the assigned rows for which the champion did not abstain."""
    chosen = np.flatnonzero(assigned & ~np.isnan(group.outputs))
    if not chosen.size:
        return group
    rows = np.take(features[chosen], model.inputs, axis=1)
    return replace(group, shadow=Shadow(model, chosen, rows, outputs_of(model, rows, check)))
