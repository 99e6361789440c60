"""The calibration curve: what was predicted against what came, in bins of equal size, with honest intervals.

Not here: calibration slope and intercept (`core.metrics.calibration_metrics`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.bootstrap import Floats

BINS = 10
Z = 1.959963984540054


@dataclass(frozen=True)
class Reliability:
    """For each bin of predictions: their mean, the observed rate with its 95 % interval, and the rows."""

    predicted: Floats
    observed: Floats
    ci_low: Floats
    ci_high: Floats
    rows: NDArray[np.int64]


def reliability(y: ArrayLike, p: ArrayLike, participant: ArrayLike, *, bins: int = BINS) -> Reliability:
    """The calibration curve of `p` [n] for `y` 0/1 [n] in at most `bins` quantile bins, ties sharing one.

    The interval is Wilson's (1927) with the effective number of rows, rate (1 - rate) / variance, where the
    variance is the robust one of a mean whose clusters are participants (Korn & Graubard 1998); at a rate of 0
    or 1, which has no variance, participants are counted instead of rows.
    """
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    who = np.unique(np.asarray(participant), return_inverse=True)[1]
    place = _bins(score, bins)
    found = [_bin(truth[place == b], score[place == b], who[place == b]) for b in range(place.max(initial=-1) + 1)]
    table = np.array(found, dtype=np.float64).reshape(-1, 5)
    predicted, observed, low, high, rows = table.T
    return Reliability(predicted, observed, low, high, rows.astype(np.int64))


def _bins(score: Floats, bins: int) -> NDArray[np.int64]:
    if score.size == 0:
        return np.empty(0, dtype=np.int64)
    edges = np.unique(np.quantile(score, np.arange(1, bins) / bins))
    # Empty bins (before the lowest edge, for one) do not count.
    return np.unique(np.searchsorted(edges, score, side="right"), return_inverse=True)[1].astype(np.int64)


def _bin(y: Floats, p: Floats, who: NDArray[np.int64]) -> tuple[float, ...]:
    rate = float(y.mean())
    low, high = wilson(rate, _effective_rows(y, who))
    return float(p.mean()), rate, low, high, y.size


def _effective_rows(y: Floats, who: NDArray[np.int64]) -> float:
    clusters, member = np.unique(who, return_inverse=True)
    rate = y.mean()
    residual = np.bincount(member, y - rate)
    variance = float((residual**2).sum()) / y.size**2 * clusters.size / max(1, clusters.size - 1)
    if variance <= 0 or clusters.size < 2:
        return float(clusters.size)
    return float(min(y.size, rate * (1 - rate) / variance))


def wilson(rate: float, rows: float) -> tuple[float, float]:
    """Wilson's 95 % score interval of a proportion `rate` among `rows` > 0 rows."""
    spread = Z * float(np.sqrt(rate * (1 - rate) / rows + Z**2 / (4 * rows**2)))
    middle, scale = rate + Z**2 / (2 * rows), 1 + Z**2 / rows
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
