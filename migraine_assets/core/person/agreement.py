"""Forecasts of one participant's days compared with what was observed.

The intervals are computed from weeks, because neighboring days are correlated. Not here: making the forecasts
(`prediction.past_forecasts`), the evaluation of a model on many participants (`core.evaluation`).
"""

import math
from dataclasses import dataclass

import numpy as np

from migraine_assets.core.features.diary import Floats, Integers
from migraine_assets.core.metrics.interval import UNKNOWN, Interval

# Fewest forecasts, and fewest days with and without the outcome, for a statement about one participant.
LEAST_FORECASTS, LEAST_OUTCOMES = 28, 5


@dataclass(frozen=True)
class Agreement:
    """The agreement of forecasts with outcomes.

    `forecasts`, `observed`: days with a forecast and a known outcome, and those of them with the outcome. `abstained`:
    days for which the model gave none. `expected`: the sum of the probabilities. `ratio`: observed / expected. `brier`:
    the mean squared error, `own_brier`: that of the participant's own rate from the days before, `gain`: the second
    minus the first. The last four are unknown unless `enough`.
    """

    forecasts: int
    observed: int
    abstained: int
    expected: float
    ratio: Interval = UNKNOWN
    brier: float = float("nan")
    own_brier: float = float("nan")
    gain: Interval = UNKNOWN

    @property
    def enough(self) -> bool:
        """Whether there are enough days to compare."""
        free = self.forecasts - self.observed
        return self.forecasts >= LEAST_FORECASTS and min(self.observed, free) >= LEAST_OUTCOMES


def agreement(day: Integers, probability: Floats, own_rate: Floats, outcome: Floats) -> Agreement:
    """Compare the forecasts of the days `day` int64[n] with `outcome`, float64[n] of 0 or 1.

    `probability` float64[n], NaN where the model abstained. `own_rate` float64[n], NaN where it is unknown.
    """
    made = np.isfinite(probability)
    counts = Agreement(
        int(made.sum()), int(outcome[made].sum()), int((~made).sum()), float(probability[made].sum())
    )  # fmt: skip
    if not counts.enough:
        return counts
    week = np.unique((day - day[-1] - 1) // 7, return_inverse=True)[1]
    gain, brier, own = _gain(week, probability, own_rate, outcome)
    return Agreement(
        counts.forecasts,
        counts.observed,
        counts.abstained,
        counts.expected,
        ratio=_ratio(week[made], outcome[made], probability[made]),
        brier=brier,
        own_brier=own,
        gain=gain,
    )


def _ratio(week: Integers, outcome: Floats, probability: Floats) -> Interval:
    """Return observed / expected, which is never below 0."""
    ratio = _quotient(week, outcome, probability)
    return Interval(ratio.value, max(0.0, ratio.ci_low), ratio.ci_high) if ratio.bounded else ratio


def _gain(week: Integers, probability: Floats, own_rate: Floats, outcome: Floats) -> tuple[Interval, float, float]:
    """Return the gain over the own rate and both scores, on the days on which both are known."""
    both = np.isfinite(probability) & np.isfinite(own_rate)
    if not both.any():
        return UNKNOWN, float("nan"), float("nan")
    squares = (probability[both] - outcome[both]) ** 2
    own = (own_rate[both] - outcome[both]) ** 2
    gain = _quotient(week[both], own - squares, np.ones(len(own)))
    return gain, float(squares.mean()), float(own.mean())


def _quotient(week: Integers, above: Floats, below: Floats) -> Interval:
    """Return sum(above) / sum(below) with the 95 % interval of a ratio estimator whose clusters are weeks.

    Cochran 1977, Sampling Techniques, 6.3, with the t distribution. With a dozen weeks, the percentiles of a bootstrap
    are too narrow. Unknown limits with fewer than two weeks.
    """
    weeks = np.unique(week, return_inverse=True)[1]
    top, bottom = np.bincount(weeks, above), np.bincount(weeks, below)
    value = float(top.sum() / bottom.sum())
    count = len(top)
    if count < 2:
        return Interval(value)
    variance = count / (count - 1) * float(((top - value * bottom) ** 2).sum()) / float(bottom.sum()) ** 2
    half = _t_975(count - 1) * math.sqrt(variance)
    return Interval(value, value - half, value + half)


def _t_975(freedom: int) -> float:
    """Return the 97.5 % point of the t distribution with `freedom` degrees, for the service, which has no SciPy.

    The probability of (-t, t) is a finite sum in the angle arctan(t / sqrt(freedom)) (Abramowitz and Stegun, 26.7.3 and
    26.7.4), which grows with it, so bisection finds the angle.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_inside(middle, freedom) < 0.95 else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _t_inside(angle: float, freedom: int) -> float:
    sine, cosine, odd = math.sin(angle), math.cos(angle), freedom % 2
    term, total = cosine if odd else 1.0, 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= cosine**2 * (k - 1) / k
    return (angle + sine * total) * 2 / math.pi if odd else sine * total
