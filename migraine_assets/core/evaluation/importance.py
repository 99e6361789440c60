"""Permutation importance: how much worse a model gets when one input is shuffled (Breiman 2001; Fisher 2019).

Here belongs the shuffling, bounded in rows and repeats. Not here: what the inputs are (`core.features.engine`).
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
    """The rise of the loss when one input, or a group of inputs together, is shuffled among the rows.

    `rise` is the mean over the repeats, `low` and `high` are the least and the greatest of them, in the unit
    of the loss.
    """

    name: str
    rise: float
    low: float
    high: float


@dataclass(frozen=True)
class _Trial:
    """The rows, the loss on them as they are (`intact`), and the orders in which inputs are shuffled."""

    predict: Predict
    loss: Loss
    X: Matrix
    y: Floats
    intact: float
    orders: tuple[NDArray[np.int64], ...]

    def rises(self, columns: list[int]) -> list[float]:
        kept, shuffled, found = self.X[:, columns], self.X.copy(), []
        for order in self.orders:
            shuffled[:, columns] = kept[order]
            found.append(self.loss(self.y, self.predict(shuffled)) - self.intact)
        return found


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
    """The importance of each group of columns of `X` float32[n, F], greatest first.

    `predict` takes float32[m, F] and gives float64[m]; `loss(y, prediction)` is smaller for the better. Columns
    of one group move together, row by row, so that inputs that say the same thing are not excused by one
    another. At most `rows` rows are used, chosen by `seed`. Nothing is returned where the loss is undefined.
    """
    generator = np.random.default_rng(seed)
    sample = _sample(y.size, rows, generator)
    X, y = X[sample], y[sample]
    intact = loss(y, predict(X)) if y.size else np.nan
    if not np.isfinite(intact):
        return ()
    orders = tuple(generator.permutation(y.size) for _ in range(repeats))
    trial = _Trial(predict, loss, X, y, intact, orders)
    found = [_importance(name, trial, list(columns)) for name, columns in groups.items()]
    return tuple(sorted(found, key=lambda item: (-item.rise, item.name)))


def _importance(name: str, trial: _Trial, columns: list[int]) -> Importance:
    # Most inputs of a sparse diary are null throughout; asking the model about them would be most of the time.
    rises = [0.0] if _constant(trial.X[:, columns]) else trial.rises(columns)
    return Importance(name, float(np.mean(rises)), float(min(rises)), float(max(rises)))


def _sample(n: int, rows: int, generator: np.random.Generator) -> NDArray[np.int64]:
    if n <= rows:
        return np.arange(n)
    return np.sort(generator.choice(n, size=rows, replace=False))


def _constant(block: Matrix) -> bool:
    """Whether shuffling changes nothing: every row equal, where null equals null."""
    first = block[:1]
    return bool(((block == first) | (np.isnan(block) & np.isnan(first))).all())


def groups_by_field(names: Sequence[str], inputs: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, ...]]:
    """Columns grouped by the diary field that they are computed from, for `permutation_importance`.

    `names` are the columns, `inputs` the fields of each. A column of several fields is a group of its own, by
    its name: shuffling it together with one of them would blame that one for the other.
    """
    groups: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(names):
        fields = set(inputs.get(name, ()))
        title = fields.pop() if len(fields) == 1 else name
        groups[title] = (*groups.get(title, ()), place)
    return groups
