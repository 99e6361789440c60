"""Rates of attack days of one participant with intervals, and differences of two rates.

The intervals treat days as independent. Attacks of several days make them too narrow. Not here: metrics of models
(`core.metrics`), associations (`core.person.associations`). The service imports this package, so it needs no SciPy.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from migraine_assets.core.metrics.interval import UNKNOWN, Interval
from migraine_assets.core.person.calendar import Calendar

WEEKS, CONFIDENCE = 4, 0.95


@dataclass(frozen=True)
class PeriodRate:
    """The attack days among the known days from `first` to `last` (since 1970-01-01), with the 95 % interval."""

    first: int
    last: int
    attacks: int
    known: int
    rate: Interval


def rates_over_time(calendar: Calendar, *, weeks: int = WEEKS) -> tuple[PeriodRate, ...]:
    """Return the rate of each `weeks` weeks, oldest first. They are counted back from the last day, so that only the
    oldest can be shorter.
    """
    length = 7 * weeks
    ends = range(len(calendar), 0, -length)
    return tuple(_rate(calendar, max(0, end - length), end) for end in reversed(ends))


def proportion(count: int, of: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Return `count / of` with its Wilson score interval; unknown if `of` is 0."""
    if not of:
        return UNKNOWN
    part, z = count / of, NormalDist().inv_cdf((1 + confidence) / 2)
    center, half = part + z**2 / (2 * of), z * math.sqrt(part * (1 - part) / of + (z / (2 * of)) ** 2)
    low, high = (end / (1 + z**2 / of) for end in (center - half, center + half))
    return Interval(part, low if count else 0.0, high if count < of else 1.0)


def difference(first: tuple[int, int], second: tuple[int, int], *, confidence: float = CONFIDENCE) -> Interval:
    """Return the difference of two proportions, each a count and its total, with an interval.

    The interval is the hybrid score interval, method 10 of Newcombe 1998 (Stat Med 17:873). Unknown if a total is 0.
    """
    if not first[1] or not second[1]:
        return UNKNOWN
    one, two = proportion(*first, confidence=confidence), proportion(*second, confidence=confidence)
    value = one.value - two.value
    below = math.hypot(one.value - one.ci_low, two.ci_high - two.value)
    above = math.hypot(one.ci_high - one.value, two.value - two.ci_low)
    return Interval(value, value - below, value + above)


def _rate(calendar: Calendar, start: int, end: int) -> PeriodRate:
    attack = calendar.attack[start:end]
    attacks, known = int(np.nansum(attack)), int(np.isfinite(attack).sum())
    return PeriodRate(calendar.first + start, calendar.first + end - 1, attacks, known, proportion(attacks, known))
