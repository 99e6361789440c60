"""How far apart two distributions are: Kolmogorov-Smirnov, Jensen-Shannon. The index of population stability is in
`core.reference_bins`. Not here: how far is too far (`drift`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Values of a window between two searches of the reference.
BLOCK = 64


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
    distinct, up_to = values[last], (np.flatnonzero(last) + 1) / values.size
    window = _Shares(up_to, np.append(0.0, up_to[:-1]))
    # Searching a large reference costs most. Shares only rise, so those at the ends of a block bound all differences
    # in it; what cannot hold a larger one than is known is not searched.
    ends = np.append(np.arange(0, distinct.size - 1, BLOCK), distinct.size - 1)
    known = _shares(reference, distinct[ends])
    largest = _largest(window, ends, known)
    bound = np.maximum(
        window.up_to[ends[1:]] - known.up_to[:-1],
        known.below[1:] - window.below[ends[:-1]],
    )
    inside = ends[:-1, None][bound > largest] + np.arange(1, BLOCK)
    inside = inside[inside < distinct.size]
    if not inside.size:
        return largest
    return max(largest, _largest(window, inside, _shares(reference, distinct[inside])))


@dataclass(frozen=True)
class _Shares:
    """Of a distribution, the shares that are not above given values, and those that are below: float64[n] each."""

    up_to: Floats
    below: Floats


def _shares(ordered: Floats, at: Floats) -> _Shares:
    up_to, below = np.searchsorted(ordered, at, "right"), np.searchsorted(ordered, at, "left")
    return _Shares(up_to / ordered.size, below / ordered.size)


def _largest(window: _Shares, places: NDArray[np.intp], reference: _Shares) -> float:
    """The largest difference at `places` of the window, where the reference has the given shares."""
    at, before = window.up_to[places] - reference.up_to, reference.below - window.below[places]
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
