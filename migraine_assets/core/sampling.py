"""Drawing rows for models that do not take them all: seeded, and with the classes in their own proportions."""

import numpy as np
from numpy.typing import NDArray


def subsample(y: NDArray[np.float64], limit: int | None, *, seed: int, by_class: bool) -> NDArray[np.int64]:
    """Row numbers, ascending: all of them, or `limit` drawn without replacement.

    `by_class`: the share of each value of y [n] stays the same. At least one row of each class is kept.
    """
    everything = np.arange(len(y), dtype=np.int64)
    if limit is None or len(y) <= limit:
        return everything
    random = np.random.default_rng(seed)
    groups = [everything[y == label] for label in np.unique(y)] if by_class else [everything]
    drawn = [random.choice(rows, _share(len(rows), len(y), limit), replace=False) for rows in groups]
    return np.sort(np.concatenate(drawn))


def _share(rows: int, of: int, limit: int) -> int:
    return max(1, rows * limit // of)
