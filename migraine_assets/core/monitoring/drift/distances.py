"""Distances between two distributions: Kolmogorov-Smirnov and Jensen-Shannon.

Not here: the population stability index (`core.reference_bins`), limits and verdicts
(`core.monitoring.drift.task_drift`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Number of values of the window per block; at first, only the ends of blocks are searched in the reference.
BLOCK = 64


def ks_exact(reference: Floats, current: ArrayLike) -> float:
    """Return the two-sample Kolmogorov-Smirnov distance; equal to `scipy.stats.ks_2samp`.

    `reference` is sorted and has no NaN; `current` may be in any order. NaN if either is empty.
    """
    values = np.sort(np.asarray(current, dtype=np.float64))
    values = values[: values.size - int(np.isnan(values).sum())]  # NaN sorts last
    if not reference.size or not values.size:
        return math.nan
    # The largest difference is at a value of the window or just below it.
    last = np.append(values[1:] != values[:-1], True)
    distinct, up_to = values[last], (np.flatnonzero(last) + 1) / values.size
    window = _Shares(up_to, np.append(0.0, up_to[:-1]))
    # Searching a large reference takes most of the time. Shares never decrease, so the ends of a block bound every
    # difference inside it, and a block that cannot contain a larger difference is skipped.
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
    """The shares of a distribution at or below, and strictly below, each of n values: float64[n] each."""

    up_to: Floats
    below: Floats


def _shares(ordered: Floats, at: Floats) -> _Shares:
    up_to, below = np.searchsorted(ordered, at, "right"), np.searchsorted(ordered, at, "left")
    return _Shares(up_to / ordered.size, below / ordered.size)


def _largest(window: _Shares, positions: NDArray[np.intp], reference: _Shares) -> float:
    """Return the largest difference at `positions` of the window; `reference` has the shares at these positions."""
    at, before = window.up_to[positions] - reference.up_to, reference.below - window.below[positions]
    return float(max(at.max(), before.max(), 0.0))


def ks_binned(expected: ArrayLike, actual: ArrayLike) -> float:
    """Return the largest distance at bin edges, from counts over the same bins; it is at most the exact distance."""
    before, after = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if not before.sum() or not after.sum():
        return math.nan
    return float(np.abs(np.cumsum(before) / before.sum() - np.cumsum(after) / after.sum()).max())


def jensen_shannon(expected: ArrayLike, actual: ArrayLike) -> float:
    """Return the Jensen-Shannon distance (base 2) of two count vectors over the same categories, 0 to 1.

    This is the square root of the divergence and equals `scipy.spatial.distance.jensenshannon(p, q, base=2)`.
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
