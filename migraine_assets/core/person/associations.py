"""Associations of exposures with an attack on the next day, within one participant (N-of-1).

Only days without an attack are compared: on the others the attack may continue, and the exposure may follow from it. An
association is a difference of two rates and says nothing about a cause. Not here: importance for a model
(`core.evaluation.importance`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from migraine_assets.core.contract import Contract, Field
from migraine_assets.core.features.diary import Flags
from migraine_assets.core.metrics.interval import UNKNOWN, Interval
from migraine_assets.core.person.calendar import Calendar
from migraine_assets.core.person.rates import difference

# Fewest days in each group, and fewest attacks and days without one in both groups together.
LEAST_DAYS, LEAST_OUTCOMES = 10, 5
ALPHA = 0.05
Finding = Literal["more", "fewer", "unclear"]


@dataclass(frozen=True)
class Association:
    """Attacks on the day after days with a high value of `field`, and after days with a low one.

    `split`: high is above this value (at or above it with `inclusive`); None for a flag, where high is 1. `high`,
    `low`: attacks and days. `difference`: high minus low, with an interval that is corrected for the number of fields.
    """

    field: str
    unit: str
    split: float | None
    inclusive: bool
    high: tuple[int, int]
    low: tuple[int, int]
    difference: Interval = UNKNOWN

    @property
    def finding(self) -> Finding:
        """Whether there were more or fewer attacks after high values; unclear if the interval contains 0."""
        if self.difference.ci_low > 0:
            return "more"
        return "fewer" if self.difference.ci_high < 0 else "unclear"


@dataclass(frozen=True)
class Associations:
    """The compared fields, clear findings and large differences first, and the fields with too few days.

    `days`, `attacks`: days without an attack whose next day is known, and attacks on these next days.
    """

    compared: tuple[Association, ...]
    too_few: tuple[str, ...]
    days: int
    attacks: int


def associations(calendar: Calendar, contract: Contract) -> Associations:
    """Compare all exposures of `contract` that have values. Consequences of an attack, such as a drug, are left out."""
    next_day = np.append(calendar.attack[1:], np.nan)
    usable = (calendar.attack == 0) & np.isfinite(next_day)
    attack = next_day == 1
    exposures = [
        field
        for field in contract.fields
        if field.role in ("exposure", "known_ahead") and field.numeric and not field.consequence
    ]
    compared, too_few = [], []
    for field in exposures:
        if not np.isfinite(calendar.values(field.column)).any():
            continue
        association = _compare(calendar, field, usable, attack)
        if association is None:
            too_few.append(field.name)
        else:
            compared.append(association)
    order = sorted(corrected(compared), key=lambda one: (one.finding == "unclear", -abs(one.difference.value)))
    return Associations(tuple(order), tuple(too_few), int(usable.sum()), int((usable & attack).sum()))


def corrected(compared: Sequence[Association]) -> list[Association]:
    """Return `compared` with intervals corrected by the step-down procedure of Holm (1979, Scand J Stat 6:65).

    As long as an interval at the level 1 - 0.05 / m of the m remaining fields excludes 0, its field is set aside, and
    the level is that of the others. The probability of any wrong finding is then at most about 5 %.
    """
    remaining = list(compared)
    done: list[Association] = []
    while remaining:
        confidence = 1 - ALPHA / len(remaining)
        estimated = [_with_interval(one, confidence) for one in remaining]
        clear = [one for one in estimated if one.finding != "unclear"]
        if not clear:
            return [*done, *estimated]
        done += clear
        names = {one.field for one in clear}
        remaining = [one for one in remaining if one.field not in names]
    return done


def _with_interval(one: Association, confidence: float) -> Association:
    interval = difference(one.high, one.low, confidence=confidence)
    return Association(one.field, one.unit, one.split, one.inclusive, one.high, one.low, interval)


def _compare(calendar: Calendar, field: Field, usable: Flags, attack: Flags) -> Association | None:
    values = calendar.values(field.column)
    rows = usable & np.isfinite(values)
    if not rows.any():
        return None
    split, inclusive = None, False
    if field.kind == "flag":
        above = values == 1
    else:
        split = float(np.median(values[rows]))
        # Where the median is the largest value, nothing is above it.
        inclusive = not (values[rows] > split).any()
        above = values >= split if inclusive else values > split
    high, low = rows & above, rows & ~above
    attacks = int((rows & attack).sum())
    if min(high.sum(), low.sum()) < LEAST_DAYS or min(attacks, rows.sum() - attacks) < LEAST_OUTCOMES:
        return None
    unit = "" if field.kind == "flag" else field.unit
    counts = [(int((group & attack).sum()), int(group.sum())) for group in (high, low)]
    return Association(field.name, unit, split, inclusive, counts[0], counts[1])
