"""The calibration curve: predicted probabilities and observed rates in bins of equal size, with intervals.

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
    """The mean prediction of each bin, the observed rate with its 95 % interval, and the number of rows."""

    predicted: Floats
    observed: Floats
    ci_low: Floats
    ci_high: Floats
    rows: NDArray[np.int64]


def reliability(y: ArrayLike, p: ArrayLike, participant: ArrayLike, *, bins: int = BINS) -> Reliability:
    """Return the calibration curve of `p` [n] for `y` 0/1 [n] in at most `bins` quantile bins; ties share a bin.

    The interval is that of Wilson (1927) with the effective sample size rate (1 - rate) / variance. The variance is the
    cluster-robust variance of a mean over participants (Korn & Graubard 1998). For a rate of 0 or 1, whose variance is
    0, the effective sample size is the number of participants.
    """
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    who = np.unique(np.asarray(participant), return_inverse=True)[1]
    index = _bins(score, bins)
    rows = [_bin(truth[index == b], score[index == b], who[index == b]) for b in range(index.max(initial=-1) + 1)]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    predicted, observed, low, high, counts = table.T
    return Reliability(predicted, observed, low, high, counts.astype(np.int64))


def _bins(score: Floats, bins: int) -> NDArray[np.int64]:
    if score.size == 0:
        return np.empty(0, dtype=np.int64)
    edges = np.unique(np.quantile(score, np.arange(1, bins) / bins))
    # Empty bins, for example below the lowest edge, are removed.
    return np.unique(np.searchsorted(edges, score, side="right"), return_inverse=True)[1].astype(np.int64)


def _bin(y: Floats, p: Floats, who: NDArray[np.int64]) -> tuple[float, ...]:
    rate = float(y.mean())
    low, high = wilson(rate, _effective_sample_size(y, who))
    return float(p.mean()), rate, low, high, y.size


def _effective_sample_size(y: Floats, who: NDArray[np.int64]) -> float:
    clusters, member = np.unique(who, return_inverse=True)
    rate = y.mean()
    residual = np.bincount(member, y - rate)
    variance = float((residual**2).sum()) / y.size**2 * clusters.size / max(1, clusters.size - 1)
    if variance <= 0 or clusters.size < 2:
        return float(clusters.size)
    return float(min(y.size, rate * (1 - rate) / variance))


def wilson(rate: float, rows: float) -> tuple[float, float]:
    """Return the 95 % score interval (Wilson 1927) of a proportion `rate` of `rows` > 0 rows."""
    spread = Z * float(np.sqrt(rate * (1 - rate) / rows + Z**2 / (4 * rows**2)))
    middle, scale = rate + Z**2 / (2 * rows), 1 + Z**2 / rows
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
