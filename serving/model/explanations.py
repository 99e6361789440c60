"""Explanations: Shapley values over diary fields, by sampled permutations.

The players are the fields of the diary. A feature has the reference value until all fields that it is computed from
have joined, and then the participant's, so an interaction counts once it is complete. Each permutation of the players
adds up exactly to prediction - reference, and so does their mean. Permutations come in antithetic pairs (each with its
reverse; Mitchell et al. 2022, JMLR 23:43) from a fixed seed, so the same row has the same reasons.

Not here: the description of each field (`core.contract`), the reference row (`migraine_assets.prediction.loaded`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import Field
from migraine_assets.prediction.loaded import LoadedModel
from serving.contract.responses import Contribution, Reasons

SEED = 20260101
SHOWN = 8


@dataclass(frozen=True)
class Game:
    """The players, and `needs` bool[F, players]: the players that each feature needs.

    The players are the fields that change the row. A feature that equals the reference anyway needs none.
    """

    players: tuple[str, ...]
    needs: NDArray[np.bool_]


def explain(
    model: LoadedModel, row: NDArray[np.float32], *, prediction: float, known: frozenset[str] = frozenset()
) -> Reasons:
    """Return the reasons for `prediction`, the output of `model` for `row` float32[F] in the order of its manifest.

    `known`: the fields that have a value on any day of the participant.
    """
    reference = float(model.bundle.predict(model.row[None])[0])
    game = game_of(model.names, row, model.row, fields_of=model.fields_of)
    shares = shapley(model, game, row, ends=(reference, prediction))
    fields = model.contract.by_name
    changes = [
        _contribution(fields[name], float(share), known) for name, share in zip(game.players, shares, strict=True)
    ]
    # Fields with a value come first. Without any, no reason is named: a null field tells the participant nothing.
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
    """Return the game of `row` against `reference`, both float32[F] with columns `names`.

    `fields_of`: the diary fields that each feature is computed from.
    """
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
    """Return the players' shares, float64[players]. They add up to the difference of `ends` (reference, prediction)."""
    size = len(game.players)
    if not size:
        return np.zeros(0)
    orders = permutations(size, rows=model.manifest.explanation_rows)
    rank = np.argsort(orders, axis=1)
    # A feature arrives with the last of its fields. After `step` steps, the first `step` players have joined.
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


def permutations(size: int, *, rows: int) -> NDArray[np.intp]:
    """Return antithetic pairs of permutations of `size` players, as many as `rows` allow, at least one pair."""
    pairs = max(1, rows // (2 * size))
    random = np.random.default_rng(SEED)
    forward = np.array([random.permutation(size) for _ in range(pairs)])
    return np.concatenate([forward, forward[:, ::-1]])


def _contribution(field: Field, share: float, known: frozenset[str]) -> Contribution:
    is_date = field.kind == "date"
    return Contribution(field.name, share, is_date or field.name in known, description_of(field))


def description_of(field: Field) -> str:
    """Return what `field` is in an explanation: of the date, models read the weekday and the spacing of the days."""
    return _DATE if field.kind == "date" else field.description


_DATE = "The weekday of the predicted day, and the spacing of the diary days."
