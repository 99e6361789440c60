"""The operations that compute features. Each has a name and a version.

A `Feature` is data: it names an operation, its columns and its parameters. A model bundle contains features in this
form, so an operation never changes its meaning. A changed operation gets a new version, and the old one stays. Not
here: the features of this project (`core.features.table`), operations on the fields of one day (`core.features.daily`).
This module needs only NumPy.

Every operation uses only IEEE-exact arithmetic (+ - * / minimum maximum and comparisons), so that a single row has the
same bits as in a batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from migraine_assets.core.features.diary import Floats
from migraine_assets.core.features.nan_math import at_least
from migraine_assets.core.features.windows import Windows

# Computes a feature for the rows of a block: float64[n], NaN for null. `core.features.single_row.LastDay` has the same
# methods as `Windows`, but returns floats.
Function: TypeAlias = Callable[[Windows], Floats]


@dataclass(frozen=True)
class Feature:
    """One column of the model's input, as data.

    `operation` and `version` identify an `Operation`. `columns`: the diary columns, or quantities of the day
    (`core.features.daily`), that it reads. `window`: number of calendar days that it covers; 1 is the newest day only.
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

    `columns`: number of columns that a feature must have. `parameters`: names of the parameters that it must have.
    `history`: whether it covers several days. `sums`: whether it uses sums or counts over its window.
    """

    name: str
    bind: Callable[[Feature], Function]
    columns: int = 1
    parameters: tuple[str, ...] = ()
    history: bool = True
    sums: bool = False
    version: int = 1


def _today(feature: Feature) -> Function:
    """Compute the value of the newest day."""
    (column,) = feature.columns
    return lambda days: days.today(column)


def _product(feature: Feature) -> Function:
    """Compute the product of two values of the day; null if either is null."""
    first, second = feature.columns
    return lambda days: days.today(first) * days.today(second)


def _square(feature: Feature) -> Function:
    """Compute the square of the day's value."""
    (column,) = feature.columns
    return lambda days: days.today(column) * days.today(column)


def _weekend(_: Feature) -> Function:
    """Compute 1 if the predicted day is a Saturday or a Sunday, else 0."""
    offset = 5.0  # days since 1970-01-01, a Thursday, plus 5 are divisible by 7 on a Saturday

    def function(days: Windows) -> Floats:
        day = days.day()
        since_saturday = (day + days.horizon + offset) % 7.0
        if isinstance(day, float):
            return 1.0 if since_saturday < 2.0 else 0.0 * since_saturday
        return np.where(since_saturday < 2.0, 1.0, 0.0 * since_saturday)

    return function


def _last(feature: Feature) -> Function:
    """Compute the newest known value of the window."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.last(column, span)


def _total(feature: Feature) -> Function:
    """Compute the sum of the values in the window; null if there are none."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.total(column, span)


def _count(feature: Feature) -> Function:
    """Count the days of the window on which the column has a value."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.count(column, span)


def _mean(feature: Feature) -> Function:
    """Compute the mean of the values in the window; null if there are none."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.mean(column, span)


def _deviation(feature: Feature) -> Function:
    """Compute the day's value minus the mean of the window, the day included."""
    (column,), span = feature.columns, feature.window
    return lambda days: days.today(column) - days.mean(column, span)


def _days_since(feature: Feature) -> Function:
    """Compute the days since the column last had `value`, at most the window; null if the window has no values."""
    (column,), span, value = feature.columns, feature.window, feature.parameters["value"]
    return lambda days: days.days_since(column, value, span)


def _streak(feature: Feature) -> Function:
    """Count the consecutive days with `value` up to the newest day; null if the newest day has no value."""
    (column,), span, value = feature.columns, feature.window, feature.parameters["value"]
    return lambda days: days.run(column, value, span)


def _change(feature: Feature) -> Function:
    """Compute the day's value minus that of the first day of the window."""
    (column,), back = feature.columns, feature.window - 1
    return lambda days: days.today(column) - days.back(column, back)


def _fall(feature: Feature) -> Function:
    """Compute the decrease of the value since the first day of the window; 0 if it increased."""
    (column,), back = feature.columns, feature.window - 1
    return lambda days: at_least(days.back(column, back) - days.today(column), 0.0)


def _shortfall(feature: Feature) -> Function:
    """Compute how far the total is below `target` times the number of days with a value; 0 if it is not below."""
    (column,), span, target = feature.columns, feature.window, feature.parameters["target"]
    return lambda days: at_least(target * days.count(column, span) - days.total(column, span), 0.0)


def _shrunk_mean(feature: Feature) -> Function:
    """Compute the mean of the values in the window, shrunk toward `prior` with a weight of `weight` days."""
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
