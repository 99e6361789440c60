"""How far apart two distributions are: Kolmogorov-Smirnov, Jensen-Shannon. The index of population stability is in
`core.reference`. Not here: how far is too far (`drift`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def ks_exact(reference: Floats, current: ArrayLike) -> float:
    """The two-sample Kolmogorov-Smirnov distance, as `scipy.stats.ks_2samp` gives it.

    `reference` sorted and without NaN, once for all windows; `current` in any order. NaN where either is empty.
    """
    values = np.sort(np.asarray(current, dtype=np.float64))
    values = values[: values.size - int(np.isnan(values).sum())]  # NaN sorts last
    if not reference.size or not values.size:
        return math.nan
    # The largest difference lies at a value of the window: just there, or just before it.
    last = np.append(values[1:] != values[:-1], True)
    first = np.append(True, last[:-1])
    places = np.arange(values.size)
    distinct = values[last]
    up_to = np.searchsorted(reference, distinct, "right")
    below = up_to.copy()
    # Searching costs most: a value that the reference does not hold has as many below it as up to it.
    tied = reference[np.maximum(up_to - 1, 0)] == distinct
    below[tied] = np.searchsorted(reference, distinct[tied], "left")
    at = (places[last] + 1) / values.size - up_to / reference.size
    before = below / reference.size - places[first] / values.size
    return float(max(at.max(), before.max(), 0.0))


def ks_binned(expected: ArrayLike, actual: ArrayLike) -> float:
    """The same seen at the edges of bins only, from counts over the same bins: at most the exact distance."""
    before, after = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if not before.sum() or not after.sum():
        return math.nan
    return float(np.abs(np.cumsum(before) / before.sum() - np.cumsum(after) / after.sum()).max())


def jensen_shannon(expected: ArrayLike, actual: ArrayLike) -> float:
    """The Jensen-Shannon distance, base 2, of two vectors of counts over the same categories: 0 to 1.

    The square root of the divergence, as `scipy.spatial.distance.jensenshannon(p, q, base=2)` gives it.
    """
    before, after = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if not before.sum() or not after.sum():
        return math.nan
    p, q = before / before.sum(), after / after.sum()
    middle = (p + q) / 2
    return math.sqrt(max(0.0, (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2))


def _relative_entropy(p: Floats, q: Floats) -> float:
    some = p > 0
    return float(np.sum(p[some] * np.log2(p[some] / q[some])))
