"""What a feature is, and the shapes that many features share: today's value, mean, deviation, product, square.

Not here: the table of all features (`core.features.table`). NumPy only. Every function uses IEEE-exact
operations alone (+ - * / minimum maximum and comparisons): the same bits for one row as for many.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from migraine_assets.core import contract
from migraine_assets.core.features import daily
from migraine_assets.core.features.diary import ENCODINGS, Floats, column_of
from migraine_assets.core.features.windows import LOOK_BACK, Windows

# The values of a feature for the rows of a block: float64[n], NaN for null.
Function: TypeAlias = Callable[[Windows], Floats]


@dataclass(frozen=True)
class Feature:
    """One column of the model's input.

    `columns`: the columns of the diary, or quantities of the day (`core.features.daily`), that it reads, and no other.
    `window`: the calendar days it looks at, 1 for the newest one alone. `function`: its values, float64[n], NaN
    for null. `description`: a sentence.
    """

    name: str
    columns: tuple[str, ...]
    window: int
    function: Function
    description: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The contract fields that it is computed from."""
        return tuple(field for column in self.columns for field in _fields_of(column))


def today(field: contract.Field, *, name: str | None = None) -> Feature:
    """The day's own value of a contract field, under the name of its diary column unless told."""
    column = column_of(field.name)
    encoding = ENCODINGS.get(field.name)
    text = f"{field.description} {encoding.description}" if encoding else field.description
    return Feature(name or column, (column,), 1, lambda days: days.today(column), text)


def of_day(quantity: daily.Daily) -> Feature:
    """A quantity of the day itself that combines several fields."""
    return Feature(quantity.name, (quantity.name,), 1, lambda days: days.today(quantity.name), quantity.description)


def over(name: str, column: str, window: int, function: Function, description: str) -> Feature:
    """Something of its own kind about one column over a window."""
    return Feature(name, (column,), window, function, description)


def mean(name: str, column: str, span: int, *, what: str) -> Feature:
    """The mean of a column over the asked days of a window of `span` days."""
    text = f"Mean {what} over the asked ones of the last {span} days."
    return Feature(f"{name}_mean_{span}d", (column,), span, lambda days: days.mean(column, span), text)


def deviation(name: str, column: str, *, what: str) -> Feature:
    """Today's value less the person's own mean of the last 28 days (today among them)."""

    def function(days: Windows) -> Floats:
        return days.today(column) - days.mean(column, LOOK_BACK)

    text = f"Today's {what} less the person's own mean of the last {LOOK_BACK} days."
    return Feature(f"{name}_deviation", (column,), LOOK_BACK, function, text)


def product(name: str, first: str, second: str, description: str) -> Feature:
    """Today's interaction of two fields; null where either is."""
    return Feature(name, (first, second), 1, lambda days: days.today(first) * days.today(second), description)


def square(name: str, column: str, description: str) -> Feature:
    """The square of today's value."""
    return Feature(name, (column,), 1, lambda days: days.today(column) * days.today(column), description)


def _fields_of(column: str) -> tuple[str, ...]:
    if column in daily.BY_NAME:
        return daily.BY_NAME[column].inputs
    return tuple(field for field in contract.NAMES if column_of(field) == column)
