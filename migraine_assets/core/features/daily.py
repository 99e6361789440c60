"""Quantities of a single day that combine several of its fields: counts and indices.

A `Quantity` is data, as a `Feature` is; windows over several days treat it as another column. Not here: the quantities
of this project (`core.features.table`), operations over several days (`core.features.operations`). This module needs
only NumPy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from migraine_assets.core.features.diary import Floats
from migraine_assets.core.features.nan_math import at_most, count_known, count_of, total_known, where_flag

# Returns the values of a diary column: float64[n], or the float of one day; NaN for "not asked".
Lookup: TypeAlias = Callable[[str], Floats]
DayFunction: TypeAlias = Callable[[Lookup], Floats]


@dataclass(frozen=True)
class Quantity:
    """A quantity of one day, as data.

    `operation` and `version` identify a `DayOperation`. `columns`: the diary columns that it reads.
    """

    name: str
    operation: str
    columns: tuple[str, ...]
    description: str
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    version: int = 1

    def function(self) -> DayFunction:
        """Return the function that computes it. Raises `ValueError` for an operation of a later version."""
        known = {(operation.name, operation.version): operation for operation in DAY_OPERATIONS}
        if (self.operation, self.version) not in known:
            raise ValueError(f"There is no operation '{self.operation}' (version {self.version}) of a day.")
        return known[self.operation, self.version].bind(self)


@dataclass(frozen=True)
class DayOperation:
    """A way to compute a quantity. `bind` returns the function of one quantity.

    `columns`: number of columns that a quantity must have, None for one or more. `parameters`: names of the parameters
    that it must have. Instead, `by_column` requires a parameter for each column, and `numbered` requires any number of
    parameters with the names "0", "1", ...
    """

    name: str
    bind: Callable[[Quantity], DayFunction]
    columns: int | None = None
    parameters: tuple[str, ...] = ()
    by_column: bool = False
    numbered: bool = False
    version: int = 1

    def parameters_of(self, quantity: Quantity) -> tuple[str, ...]:
        """Return the names of the parameters that `quantity` must have."""
        if self.numbered:
            return tuple(str(k) for k in range(max(1, len(quantity.parameters))))
        return quantity.columns if self.by_column else self.parameters


def _count_present(quantity: Quantity) -> DayFunction:
    """Count the flags that are 1; null if all are null."""
    columns = quantity.columns

    def function(value: Lookup) -> Floats:
        flags = [value(column) for column in columns]
        return count_of(flags, 1.0) + 0.0 * count_known(flags)

    return function


def _share_present(quantity: Quantity) -> DayFunction:
    """Compute the share of the known flags that are 1; null if all are null."""
    columns = quantity.columns

    def function(value: Lookup) -> Floats:
        flags = [value(column) for column in columns]
        known = count_known(flags)
        return (count_of(flags, 1.0) + 0.0 * known) / known

    return function


def _capped_product(quantity: Quantity) -> DayFunction:
    """Compute the first value divided by `enough`, at most 1, times the second value divided by `best`."""
    first, second = quantity.columns
    enough, best = quantity.parameters["enough"], quantity.parameters["best"]
    return lambda value: at_most(value(first) / enough, 1.0) * value(second) / best


def _mean_score(quantity: Quantity) -> DayFunction:
    """Compute the mean score of the known columns, from 0 (worst) to 1 (best).

    The score of a column is its value divided by the absolute value of its parameter, at most 1. If the parameter is
    negative, the score is 1 minus this share.
    """
    targets = [(column, quantity.parameters[column]) for column in quantity.columns]
    if not all(target for _, target in targets):
        raise ValueError(f"A parameter of the quantity '{quantity.name}' is 0, but values are divided by it.")
    amounts = [(column, abs(target), target > 0) for column, target in targets]

    def function(value: Lookup) -> Floats:
        scores = [
            at_most(value(column) / amount, 1.0) if good else 1.0 - at_most(value(column) / amount, 1.0)
            for column, amount, good in amounts
        ]
        return total_known(scores) / count_known(scores)

    return function


def _at_least(quantity: Quantity) -> DayFunction:
    """Compute 1 if the last column is at least `value`, else 0."""
    limit = quantity.parameters["value"]
    return _tested(quantity, lambda amount: (amount >= limit) + 0.0 * amount)


def _among(quantity: Quantity) -> DayFunction:
    """Compute 1 if the last column is one of the parameters, else 0."""
    numbers = sorted(set(quantity.parameters.values()))
    return _tested(quantity, lambda amount: sum([amount == number for number in numbers], 0.0) + 0.0 * amount)


def _tested(quantity: Quantity, test: Callable[[Floats], Floats]) -> DayFunction:
    """Apply `test` to the last column. If there is a first column, a flag, the result is the flag unless it is 1."""
    *flags, column = quantity.columns
    if len(flags) > 1:
        raise ValueError(
            f"The quantity '{quantity.name}' has {len(flags) + 1} columns; it needs one column, or a flag and a column."
        )
    if not flags:
        return lambda value: test(value(column))
    return lambda value: where_flag(value(flags[0]), test(value(column)))


DAY_OPERATIONS: tuple[DayOperation, ...] = (
    DayOperation("count_present", _count_present),
    DayOperation("share_present", _share_present),
    DayOperation("capped_product", _capped_product, columns=2, parameters=("enough", "best")),
    DayOperation("mean_score", _mean_score, by_column=True),
    DayOperation("at_least", _at_least, parameters=("value",)),
    DayOperation("among", _among, numbered=True),
)
