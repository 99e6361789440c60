"""Why this number: Shapley values over diary fields, by sampled permutations.

Not here: the sentence for each field (`core.contract`), the reference row (`served`).

The players are the fields of the diary. A feature takes the person's value once all the fields that it is computed
from have joined, and the reference row's before; so an interaction counts when it is complete. Each permutation of
the players adds up exactly to prediction - reference; their mean does too. Permutations come in antithetic pairs
(each with its reverse; Mitchell et al. 2022, JMLR 23:43) from a fixed seed: the same row has the same reasons.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import contract
from migraine_assets.core.features.table import default_recipe
from serving.contract.responses import Contribution, Reasons
from serving.model.loaded import LoadedModel

SEED = 20260101
SHOWN = 8

_INPUTS = {name: tuple(sorted(set(fields))) for name, fields in default_recipe().inputs.items()}


@dataclass(frozen=True)
class Game:
    """The players (field names) whose joining changes the row, and `needs` bool[F, players]: who each feature waits
    for; features that have the reference's value anyway wait for nobody.
    """

    players: tuple[str, ...]
    needs: NDArray[np.bool_]


def explain(
    served: LoadedModel, row: NDArray[np.float32], *, prediction: float, given: frozenset[str] = frozenset()
) -> Reasons:
    """The reasons for `prediction`, the model's answer to `row` float32[F] in the manifest's order.

    `given`: the fields of which the person said anything.
    """
    reference = float(served.bundle.predict(served.row[None])[0])
    game = game_of(served.manifest.names, row, served.row)
    shares = shapley(served, game, row, ends=(reference, prediction))
    order = sorted(range(len(shares)), key=lambda k: (-abs(shares[k]), game.players[k]))
    top = [_contribution(game.players[k], float(shares[k]), given) for k in order[:SHOWN] if shares[k]]
    rest = prediction - reference - sum(item.contribution for item in top)
    return Reasons(reference=reference, prediction=prediction, contributions=top, other=rest)


def game_of(names: tuple[str, ...], row: NDArray[np.float32], reference: NDArray[np.float32]) -> Game:
    """Who plays for `row` against `reference`, both float32[F] with columns `names`."""
    differs = (row != reference) & ~(np.isnan(row) & np.isnan(reference))
    changed = [name for name, other in zip(names, differs, strict=True) if other]
    players = tuple(sorted({field for name in changed for field in _INPUTS[name]}))
    place = {player: k for k, player in enumerate(players)}
    needs = np.zeros((len(names), len(players)), dtype=np.bool_)
    for feature, name in enumerate(names):
        if differs[feature]:
            needs[feature, [place[field] for field in _INPUTS[name]]] = True
    return Game(players, needs)


def shapley(
    served: LoadedModel, game: Game, row: NDArray[np.float32], *, ends: tuple[float, float]
) -> NDArray[np.float64]:
    """The players' shares float64[players]; they add up to the difference of `ends` (reference, prediction)."""
    size = len(game.players)
    if not size:
        return np.zeros(0)
    orders = _orders(size, rows=served.manifest.explanation_rows)
    rank = np.argsort(orders, axis=1)
    # A feature arrives with the last of its fields; the first `step` players have joined after `step` steps.
    arrival = np.where(game.needs[None], rank[:, None, :], -1).max(axis=2)
    steps = np.arange(1, size)
    joined = arrival[:, None, :] < steps[None, :, None]
    rows = np.where(joined, row, served.row).reshape(-1, len(row))
    values = np.empty((len(orders), size + 1))
    values[:, 0], values[:, -1] = ends
    if size > 1:
        values[:, 1:-1] = served.bundle.predict(rows).reshape(len(orders), size - 1)
    shares: NDArray[np.float64] = np.take_along_axis(np.diff(values, axis=1), rank, axis=1).mean(axis=0)
    return shares


def _orders(size: int, *, rows: int) -> NDArray[np.intp]:
    """Antithetic pairs of permutations of `size` players, as many as `rows` allow, at least one pair."""
    pairs = max(1, rows // (2 * size))
    random = np.random.default_rng(SEED)
    forward = np.array([random.permutation(size) for _ in range(pairs)])
    return np.concatenate([forward, forward[:, ::-1]])


def _contribution(field: str, share: float, given: frozenset[str]) -> Contribution:
    described = contract.BY_NAME[field]
    is_date = described.kind == "date"
    return Contribution(field, share, is_date or field in given, _DATE if is_date else described.description)


_DATE = "The weekday of the predicted day, and how the days follow each other."
