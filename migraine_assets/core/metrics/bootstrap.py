"""The bootstrap over participants: draws, sums over the drawn rows, and percentile intervals.

The days of one participant are correlated, so that participants are drawn instead of rows. Each replicate draws as many
participants as there are, with replacement, and uses every row of a participant as often as the participant was drawn
(cluster bootstrap; Field & Welsh 2007, J R Stat Soc B 69:369). Equal seeds and participants give equal draws, so that
two models scored on the same rows are compared replicate by replicate.

Not here: the metrics (`core.metrics.metrics`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.interval import Interval

REPLICATES = 300
SEED = 20240229

# The product of rows and replicates that one metric may use. With many rows the noise of the interval limits matters
# less, so that a million rows need only the minimum number of replicates.
MAX_ROW_DRAWS = 100_000_000
MIN_REPLICATES = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resample:
    """The participants that each replicate draws.

    `group` int64[n]: the participant of each row, 0..G-1. `weights` uint8[R, G]: how often replicate r draws
    participant g. R is 0 if there are fewer than two participants.
    """

    group: NDArray[np.int64]
    weights: NDArray[np.uint8]

    @property
    def participants(self) -> int:
        """G, the number of participants."""
        return int(self.weights.shape[1])

    @property
    def replicates(self) -> int:
        """R, the number of replicates."""
        return int(self.weights.shape[0])

    def sums(self, columns: Floats) -> tuple[Floats, Floats]:
        """The sums of `columns` float64[n, k] over all rows, float64[k], and in each replicate, float64[R, k]."""
        by_group = np.empty((self.participants, columns.shape[1]))
        for k, column in enumerate(columns.T):
            by_group[:, k] = np.bincount(self.group, column, self.participants)
        return by_group.sum(axis=0), self.weigh(by_group)

    def weigh(self, by_group: Floats) -> Floats:
        """The sums of `by_group` float64[G, k] in each replicate, float64[R, k]."""
        total = np.empty((self.replicates, by_group.shape[1]))
        # In blocks, because the weights take eight times the memory as floats.
        step = max(1, 4_000_000 // max(1, self.participants))
        for start in range(0, self.replicates, step):
            total[start : start + step] = self.weights[start : start + step].astype(np.float64) @ by_group
        return total


@dataclass(frozen=True)
class Draws:
    """A metric on the data (`value`) and in each replicate (`replicates` float64[R], NaN if undefined)."""

    value: float
    replicates: Floats

    def minus(self, other: "Draws") -> "Draws":
        """The difference, paired by replicate. Both must have the same participants, seed and number of replicates."""
        return Draws(self.value - other.value, self.replicates - other.replicates)

    def negated(self) -> "Draws":
        """The negative, for a metric of which less is better."""
        return Draws(-self.value, -self.replicates)

    def interval(self) -> Interval:
        """The 2.5 % and 97.5 % quantiles of the replicates; unknown if fewer than half of them are defined."""
        defined = self.replicates[np.isfinite(self.replicates)]
        if not np.isfinite(self.value) or 2 * defined.size < self.replicates.size or defined.size == 0:
            return Interval(float(self.value))
        low, high = np.quantile(defined, (0.025, 0.975))
        return Interval(float(self.value), float(low), float(high))


def undefined(replicates: int) -> Draws:
    """A metric that cannot be computed from the data."""
    return Draws(np.nan, np.full(replicates, np.nan))


def resample(participant: ArrayLike, *, replicates: int = REPLICATES, seed: int = SEED) -> Resample:
    """Draw participants with replacement.

    `participant` [n] holds codes or names; integer codes are much faster. For many rows the number of replicates is
    reduced, see `replicates_for`.
    """
    names, group = np.unique(np.asarray(participant), return_inverse=True)
    count = replicates_for(group.size, requested=replicates) if names.size > 1 else 0
    generator = np.random.default_rng(seed)
    # uint8 is enough: the probability that a participant is drawn more than 255 times is negligible.
    weights = np.empty((count, names.size), dtype=np.uint8)
    for row in weights:
        row[:] = np.bincount(generator.integers(0, names.size, names.size), minlength=names.size)
    return Resample(group.astype(np.int64), weights)


def replicates_for(rows: int, *, requested: int) -> int:
    """The number of replicates for `rows` rows: as requested, but limited by `MAX_ROW_DRAWS` and at least 100."""
    return min(requested, max(MIN_REPLICATES, MAX_ROW_DRAWS // max(1, rows)))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """The elementwise quotient; NaN where the denominator is 0."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    quotient = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient
