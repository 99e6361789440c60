"""The bootstrap over participants: who is drawn how often, and the interval that follows.

Days of one participant resemble one another, so a row is no independent observation and a participant is: each
replicate draws as many participants as there are, with replacement, and takes every row of a participant as
often as he or she was drawn (cluster bootstrap; Field & Welsh 2007, J R Stat Soc B 69:369). Equal seeds and
participants give equal draws, so two models scored on the same rows are compared replicate by replicate.

Not here: what a metric is (`core.metrics.metrics`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.interval import Interval

REPLICATES = 300
SEED = 20240229

# Rows times replicates that one metric may visit. Sampling noise of the ends themselves matters less the more
# rows there are, so that a million rows get by with the least number of replicates.
ROW_DRAWS = 100_000_000
LEAST_REPLICATES = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resample:
    """Which participants each replicate draws.

    `group` int64[n]: the participant of each row, 0..G-1. `weights` uint8[R, G]: how often replicate r draws
    participant g; R is 0 where there are fewer than two participants: one says nothing about others.
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
        """Sums of `columns` float64[n, k] over all rows, float64[k], and for each replicate, float64[R, k]."""
        by_group = np.empty((self.participants, columns.shape[1]))
        for k, column in enumerate(columns.T):
            by_group[:, k] = np.bincount(self.group, column, self.participants)
        return by_group.sum(axis=0), self.weigh(by_group)

    def weigh(self, by_group: Floats) -> Floats:
        """Sums over participants of float64[G, k], each as often as drawn: float64[R, k]."""
        total = np.empty((self.replicates, by_group.shape[1]))
        # In blocks, for the weights take eight times the memory once they are floats.
        step = max(1, 4_000_000 // max(1, self.participants))
        for start in range(0, self.replicates, step):
            total[start : start + step] = self.weights[start : start + step].astype(np.float64) @ by_group
        return total


@dataclass(frozen=True)
class Draws:
    """A metric on the data (`value`) and in each replicate (`replicates` float64[R], NaN where undefined)."""

    value: float
    replicates: Floats

    def minus(self, other: "Draws") -> "Draws":
        """The difference, paired by replicate: both must come from equal participants, seed and replicates."""
        return Draws(self.value - other.value, self.replicates - other.replicates)

    def negated(self) -> "Draws":
        """The same with its sign turned, for a score of which less is better."""
        return Draws(-self.value, -self.replicates)

    def interval(self) -> Interval:
        """The 2.5 % and 97.5 % points of the replicates; unknown where fewer than half of them are defined."""
        defined = self.replicates[np.isfinite(self.replicates)]
        if not np.isfinite(self.value) or 2 * defined.size < self.replicates.size or defined.size == 0:
            return Interval(float(self.value))
        low, high = np.quantile(defined, (0.025, 0.975))
        return Interval(float(self.value), float(low), float(high))


def undefined(replicates: int) -> Draws:
    """A metric that cannot be computed from these data."""
    return Draws(np.nan, np.full(replicates, np.nan))


def resample(participant: ArrayLike, *, replicates: int = REPLICATES, seed: int = SEED) -> Resample:
    """Draw participants with replacement.

    `participant` [n] holds codes or names; integer codes are much faster to group. The number of replicates is
    lowered for many rows, see `replicates_for`.
    """
    names, group = np.unique(np.asarray(participant), return_inverse=True)
    count = replicates_for(group.size, requested=replicates) if names.size > 1 else 0
    generator = np.random.default_rng(seed)
    # No participant is drawn more than 255 times: with so many participants it has no probability to speak of.
    weights = np.empty((count, names.size), dtype=np.uint8)
    for row in weights:
        row[:] = np.bincount(generator.integers(0, names.size, names.size), minlength=names.size)
    return Resample(group.astype(np.int64), weights)


def replicates_for(rows: int, *, requested: int) -> int:
    """Replicates for `rows` rows: as requested up to `ROW_DRAWS` row visits, then fewer, 100 at the least."""
    return min(requested, max(LEAST_REPLICATES, ROW_DRAWS // max(1, rows)))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    quotient = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient
