"""The operations that features are made of: a few, each with a name and a number.

A `Feature` is data: it names an operation and what to apply it to. A model bundle carries its features in this form,
so an operation never changes its meaning; a new meaning is a new version beside the old one. Not here: the features of
this project (`core.features.table`), operations on the fields of one day (`core.features.daily`). NumPy only.

Every operation uses only IEEE-exact arithmetic (+ - * / minimum maximum and comparisons), so that one row has the same
bits as a million.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from migraine_assets.core.features.diary import Floats
from migraine_assets.core.features.nan_math import at_least
from migraine_assets.core.features.windows import Windows

# The values of a feature for the rows of a block: float64[n], NaN for null. A `core.features.single_row.LastDay` has
# the same methods as `Windows` and gives floats.
Function: TypeAlias = Callable[[Windows], Floats]


@dataclass(frozen=True)
class Feature:
    """One column of the model's input, as data.

    `operation` and `version` name an `Operation`. `columns`: the diary columns, or quantities of the day
    (`core.features.daily`), that it reads. `window`: the calendar days it covers, 1 for the newest day alone.
    """

    name: str
    operation: str
    columns: tuple[str, ...]
    window: int
    description: str
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    version: int = 1


@dataclass(frozen=True)
class Operation:
    """A way to compute a feature. `bind` returns the function of one feature.

    `columns`: how many a feature must name. `parameters`: the names that it must give. `history`: whether it covers
    several days. `sums`: whether it reads sums or counts over its window.
    """

    name: str
    bind: Callable[[Feature], Function]
    columns: int = 1
    parameters: tuple[str, ...] = ()
    history: bool = True
    sums: bool = False
    version: int = 1


def _today(feature: Feature) -> Function:
    """The value of the day itself."""
    (column,) = feature.columns
    return lambda days: days.today(column)


def _product(feature: Feature) -> Function:
    """The product of two values of the day; null if either is."""
    first, second = feature.columns
    return lambda days: days.today(first) * days.today(second)


def _square(feature: Feature) -> Function:
    """The square of the day's value."""
    (column,) = feature.columns
    return lambda days: days.today(column) * days.today(column)


def _weekend(_: Feature) -> Function:
    """1 if the predicted day is a Saturday or a Sunday, else 0."""
    offset = 5.0  # days since 1970-01-01, a Thursday, plus 5 are divisible by 7 on a Saturday

    def function(days: Windows) -> Floats:
        day = days.day()
        since_saturday = (day + days.horizon + offset) % 7.0
        if isinstance(day, float):
            return 1.0 if since_saturday < 2.0 else 0.0 * since_saturday
        return np.where(since_saturday < 2.0, 1.0, 0.0 * since_saturday)

    return function


def _last(feature: Feature) -> Function:
    """The newest known value of the window."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.last(column, span)


def _total(feature: Feature) -> Function:
    """The sum over the days of the window on which the column was asked; null if there is none."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.total(column, span)


def _count(feature: Feature) -> Function:
    """The number of days of the window on which the column was asked."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.count(column, span)


def _mean(feature: Feature) -> Function:
    """The mean over the asked days of the window; null if there is none."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.mean(column, span)


def _deviation(feature: Feature) -> Function:
    """The day's value minus the mean of the window, the day included."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.today(column) - days.mean(column, span)


def _days_since(feature: Feature) -> Function:
    """Days since the column last had `value`, at most the window; null if it was not asked in the window."""
    (column,), span, value = feature.columns, feature.window, feature.parameters["value"]
    return lambda days: days.days_since(column, value, span)


def _streak(feature: Feature) -> Function:
    """Consecutive days up to the newest on which the column had `value`; null if the newest day was not asked."""
    (column,), span, value = feature.columns, feature.window, feature.parameters["value"]
    return lambda days: days.run(column, value, span)


def _change(feature: Feature) -> Function:
    """The day's value minus that of the first day of the window."""
    (column,), back = feature.columns, feature.window - 1
    return lambda days: days.today(column) - days.back(column, back)


def _fall(feature: Feature) -> Function:
    """How far the value fell since the first day of the window; 0 if it rose."""
    (column,), back = feature.columns, feature.window - 1
    return lambda days: at_least(days.back(column, back) - days.today(column), 0.0)


def _shortfall(feature: Feature) -> Function:
    """By how much the total of the asked days misses `target` a day; 0 if it does not."""
    (column,), span, target = feature.columns, feature.window, feature.parameters["target"]
    return lambda days: at_least(target * days.count(column, span) - days.total(column, span), 0.0)


def _shrunk_mean(feature: Feature) -> Function:
    """The mean over the asked days of the window, shrunk towards `prior` with the weight of `weight` days."""
    (column,), span, weight = feature.columns, feature.window, feature.parameters["weight"]
    start = weight * feature.parameters["prior"]
    return lambda days: (days.total(column, span) + start) / (days.count(column, span) + weight)


OPERATIONS: tuple[Operation, ...] = (
    Operation("today", _today, history=False),
    Operation("product", _product, columns=2, history=False),
    Operation("square", _square, history=False),
    Operation("weekend", _weekend, history=False),
    Operation("last", _last),
    Operation("total", _total, sums=True),
    Operation("count", _count, sums=True),
    Operation("mean", _mean, sums=True),
    Operation("deviation", _deviation, sums=True),
    Operation("days_since", _days_since, parameters=("value",), sums=True),
    Operation("streak", _streak, parameters=("value",)),
    Operation("change", _change),
    Operation("fall", _fall),
    Operation("shortfall", _shortfall, parameters=("target",), sums=True),
    Operation("shrunk_mean", _shrunk_mean, parameters=("prior", "weight"), sums=True),
)
