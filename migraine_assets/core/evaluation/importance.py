"""Permutation importance: the increase of the loss when one input is shuffled (Breiman 2001; Fisher et al. 2019).

Not here: the inputs of each feature (`core.features.plan`), the losses (`core.evaluation.champion_analysis`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Predict = Callable[[Matrix], Floats]
Loss = Callable[[Floats, Floats], float]

ROWS = 1000
REPEATS = 3


@dataclass(frozen=True)
class Importance:
    """The increase of the loss when one group of inputs is shuffled among the rows.

    `rise` is the mean over the repeats, `low` and `high` are the minimum and maximum, in the unit of the loss.
    """

    name: str
    rise: float
    low: float
    high: float


@dataclass(frozen=True)
class _Sample:
    """The rows, their loss without shuffling (`intact`), and the permutations."""

    predict: Predict
    loss: Loss
    X: Matrix
    y: Floats
    intact: float
    orders: tuple[NDArray[np.int64], ...]

    def rises(self, columns: list[int]) -> list[float]:
        original, shuffled, rises = self.X[:, columns], self.X.copy(), []
        for order in self.orders:
            shuffled[:, columns] = original[order]
            rises.append(self.loss(self.y, self.predict(shuffled)) - self.intact)
        return rises


def permutation_importance(
    predict: Predict,
    X: Matrix,
    y: Floats,
    *,
    groups: Mapping[str, Sequence[int]],
    loss: Loss,
    seed: int,
    rows: int = ROWS,
    repeats: int = REPEATS,
) -> tuple[Importance, ...]:
    """Return the importance of each group of columns of `X` float32[n, F], in descending order.

    `predict` maps float32[m, F] to float64[m]; a smaller `loss(y, prediction)` is better. The columns of a group are
    shuffled together, so that redundant inputs cannot replace one another. At most `rows` rows are used, drawn with
    `seed`. Returns an empty tuple if the loss is undefined.
    """
    generator = np.random.default_rng(seed)
    indices = _indices(y.size, rows, generator)
    X, y = X[indices], y[indices]
    intact = loss(y, predict(X)) if y.size else np.nan
    if not np.isfinite(intact):
        return ()
    orders = tuple(generator.permutation(y.size) for _ in range(repeats))
    sample = _Sample(predict, loss, X, y, intact, orders)
    importances = [_importance(name, sample, list(columns)) for name, columns in groups.items()]
    return tuple(sorted(importances, key=lambda item: (-item.rise, item.name)))


def _importance(name: str, sample: _Sample, columns: list[int]) -> Importance:
    # Most inputs of a sparse diary are always null. Shuffling them changes nothing and would take most of the time.
    rises = [0.0] if _constant(sample.X[:, columns]) else sample.rises(columns)
    return Importance(name, float(np.mean(rises)), float(min(rises)), float(max(rises)))


def _indices(n: int, rows: int, generator: np.random.Generator) -> NDArray[np.int64]:
    if n <= rows:
        return np.arange(n)
    return np.sort(generator.choice(n, size=rows, replace=False))


def _constant(block: Matrix) -> bool:
    """Return whether all rows are equal, with null equal to null, so that shuffling changes nothing."""
    first = block[:1]
    return bool(((block == first) | (np.isnan(block) & np.isnan(first))).all())


def groups_by_field(names: Sequence[str], inputs: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, ...]]:
    """Group the columns `names` by the diary field that they are computed from, for `permutation_importance`.

    `inputs` are the fields of each column. A column that is computed from several fields is a separate group, because
    in the group of one field it would attribute the effect of the others to that field.
    """
    groups: dict[str, tuple[int, ...]] = {}
    for column, name in enumerate(names):
        fields = set(inputs.get(name, ()))
        title = fields.pop() if len(fields) == 1 else name
        groups[title] = (*groups.get(title, ()), column)
    return groups
