"""Explanations: Shapley values over diary fields, by sampled permutations.

Not here: the description of each field (`core.contract`), the reference row (`serving.model.loaded`).

The players are the fields of the diary. A feature has the reference value until all fields that it is computed from
have joined, and then the participant's, so an interaction counts once it is complete. Each permutation of the players
adds up exactly to prediction - reference, and so does their mean. Permutations come in antithetic pairs (each with its
reverse; Mitchell et al. 2022, JMLR 23:43) from a fixed seed, so the same row has the same reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import Field
from serving.contract.responses import Contribution, Reasons
from serving.model.loaded import LoadedModel

SEED = 20260101
SHOWN = 8


@dataclass(frozen=True)
class Game:
    """The fields that change the row, and `needs` bool[F, players]: which of them each feature needs.

    A feature that equals the reference anyway needs none.
    """

    players: tuple[str, ...]
    needs: NDArray[np.bool_]


def explain(
    model: LoadedModel, row: NDArray[np.float32], *, prediction: float, given: frozenset[str] = frozenset()
) -> Reasons:
    """The reasons for `prediction`, the output of `model` for `row` float32[F] in the order of its manifest.

    `given`: the fields that the participant's days contain.
    """
    reference = float(model.bundle.predict(model.row[None])[0])
    game = game_of(model.names, row, model.row, fields_of=model.fields_of)
    shares = shapley(model, game, row, ends=(reference, prediction))
    fields = model.contract.by_name
    changes = [
        _contribution(fields[name], float(share), given) for name, share in zip(game.players, shares, strict=True)
    ]
    # What the participant gave comes first, and without it there is no reason to name: that a field is null tells the
    # participant nothing.
    ranked = sorted((c for c in changes if c.contribution), key=lambda c: (not c.given, -abs(c.contribution), c.field))
    top = ranked[:SHOWN] if ranked and ranked[0].given else []
    rest = prediction - reference - sum(item.contribution for item in top)
    return Reasons(reference=reference, prediction=prediction, contributions=top, other=rest)


def game_of(
    names: tuple[str, ...],
    row: NDArray[np.float32],
    reference: NDArray[np.float32],
    *,
    fields_of: Mapping[str, tuple[str, ...]],
) -> Game:
    """The game of `row` against `reference`, both float32[F] with columns `names`, computed from `fields_of` them."""
    differs = (row != reference) & ~(np.isnan(row) & np.isnan(reference))
    changed = [name for name, other in zip(names, differs, strict=True) if other]
    players = tuple(sorted({field for name in changed for field in fields_of[name]}))
    index = {player: k for k, player in enumerate(players)}
    needs = np.zeros((len(names), len(players)), dtype=np.bool_)
    for feature, name in enumerate(names):
        if differs[feature]:
            needs[feature, [index[field] for field in fields_of[name]]] = True
    return Game(players, needs)


def shapley(
    model: LoadedModel, game: Game, row: NDArray[np.float32], *, ends: tuple[float, float]
) -> NDArray[np.float64]:
    """The players' shares float64[players]; they add up to the difference of `ends` (reference, prediction)."""
    size = len(game.players)
    if not size:
        return np.zeros(0)
    orders = _orders(size, rows=model.manifest.explanation_rows)
    rank = np.argsort(orders, axis=1)
    # A feature arrives with the last of its fields; the first `step` players have joined after `step` steps.
    arrival = np.where(game.needs[None], rank[:, None, :], -1).max(axis=2)
    steps = np.arange(1, size)
    joined = arrival[:, None, :] < steps[None, :, None]
    rows = np.where(joined, row, model.row).reshape(-1, len(row))
    values = np.empty((len(orders), size + 1))
    values[:, 0], values[:, -1] = ends
    if size > 1:
        values[:, 1:-1] = model.bundle.predict(rows).reshape(len(orders), size - 1)
    shares: NDArray[np.float64] = np.take_along_axis(np.diff(values, axis=1), rank, axis=1).mean(axis=0)
    return shares


def _orders(size: int, *, rows: int) -> NDArray[np.intp]:
    """Antithetic pairs of permutations of `size` players, as many as `rows` allow, at least one pair."""
    pairs = max(1, rows // (2 * size))
    random = np.random.default_rng(SEED)
    forward = np.array([random.permutation(size) for _ in range(pairs)])
    return np.concatenate([forward, forward[:, ::-1]])


def _contribution(field: Field, share: float, given: frozenset[str]) -> Contribution:
    is_date = field.kind == "date"
    return Contribution(field.name, share, is_date or field.name in given, _DATE if is_date else field.description)


_DATE = "The weekday of the predicted day, and how the days follow each other."
