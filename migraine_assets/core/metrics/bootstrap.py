"""The bootstrap over participants: draws, sums over the drawn rows, and percentile intervals.

The days of a participant are correlated, so participants are drawn instead of rows. Each replicate draws as many
participants as there are, with replacement, and uses every row of a participant as often as the participant is drawn
(cluster bootstrap; Field & Welsh 2007, J R Stat Soc B 69:369). Equal seeds and participants give equal draws, so two
models that are scored on the same rows can be compared replicate by replicate.

Not here: the metrics (`core.metrics.metrics`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.interval import Interval

REPLICATES = 300
SEED = 20240229

# Maximum of rows times replicates for one metric. With many rows, the noise of the interval limits matters less, so a
# million rows need only the minimum number of replicates.
MAX_ROW_DRAWS = 100_000_000
MIN_REPLICATES = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resample:
    """The participants that each replicate draws.

    `group` int64[n]: the participant of each row, 0..G-1. `weights` uint8[R, G]: number of times that replicate r draws
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
        """Sum `columns` float64[n, k] over all rows, float64[k], and in each replicate, float64[R, k]."""
        by_group = np.empty((self.participants, columns.shape[1]))
        for k, column in enumerate(columns.T):
            by_group[:, k] = np.bincount(self.group, column, self.participants)
        return by_group.sum(axis=0), self.weigh(by_group)

    def weigh(self, by_group: Floats) -> Floats:
        """Return the sums of `by_group` float64[G, k] in each replicate, float64[R, k]."""
        total = np.empty((self.replicates, by_group.shape[1]))
        # Convert the weights in blocks, because as floats they take eight times the memory.
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
        """Return the difference, paired by replicate.

        Both must have the same participants, seed and number of replicates.
        """
        return Draws(self.value - other.value, self.replicates - other.replicates)

    def negated(self) -> "Draws":
        """Return the negated metric, for a metric that is better if it is lower."""
        return Draws(-self.value, -self.replicates)

    def interval(self) -> Interval:
        """Return the value with the 2.5 % and 97.5 % quantiles of the replicates as its interval.

        The limits are unknown if fewer than half of the replicates are defined.
        """
        defined = self.replicates[np.isfinite(self.replicates)]
        if not np.isfinite(self.value) or 2 * defined.size < self.replicates.size or defined.size == 0:
            return Interval(float(self.value))
        low, high = np.quantile(defined, (0.025, 0.975))
        return Interval(float(self.value), float(low), float(high))


def undefined(replicates: int) -> Draws:
    """Return the draws of a metric that cannot be computed from the data: all NaN."""
    return Draws(np.nan, np.full(replicates, np.nan))


def resample(participant: ArrayLike, *, replicates: int = REPLICATES, seed: int = SEED) -> Resample:
    """Draw participants with replacement.

    `participant` [n] holds codes or names; integer codes are much faster. With many rows, the number of replicates is
    reduced (see `replicates_for`).
    """
    names, group = np.unique(np.asarray(participant), return_inverse=True)
    count = replicates_for(group.size, requested=replicates) if names.size > 1 else 0
    generator = np.random.default_rng(seed)
    # uint8 is sufficient: the probability that a participant is drawn more than 255 times is negligible.
    weights = np.empty((count, names.size), dtype=np.uint8)
    for row in weights:
        row[:] = np.bincount(generator.integers(0, names.size, names.size), minlength=names.size)
    return Resample(group.astype(np.int64), weights)


def replicates_for(rows: int, *, requested: int) -> int:
    """Return the number of replicates for `rows` rows: `requested`, or fewer if `MAX_ROW_DRAWS` limits it.

    The limit does not reduce it below `MIN_REPLICATES`.
    """
    return min(requested, max(MIN_REPLICATES, MAX_ROW_DRAWS // max(1, rows)))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Return the elementwise quotient, with NaN for a denominator of 0."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    quotient = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient
