"""Arithmetic with nulls on one number or on an array of numbers, with the same bits either way. NaN stays NaN.

NumPy functions on a single Python float cost ten times as much as plain Python, and one prediction of the service needs
dozens of them. This module holds what features need. NumPy only.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from migraine_assets.core.features.diary import Floats

# Typed as arrays; floats, which `core.features.single_row` passes, are also accepted.
Numbers: TypeAlias = Floats


def at_most(value: Numbers, limit: float) -> Numbers:
    """The minimum of `value` (float or float64[n]) and `limit`; NaN where `value` is."""
    if isinstance(value, float):
        return limit if value > limit else value
    return np.minimum(value, limit)


def at_least(value: Numbers, limit: float) -> Numbers:
    """The maximum of `value` (float or float64[n]) and `limit`; NaN where `value` is."""
    if isinstance(value, float):
        return limit if value < limit else value
    return np.maximum(value, limit)


def count_known(values: Sequence[Numbers]) -> Numbers:
    """How many of `values` (floats, or float64[n] each) are not null; NaN where all are null."""
    if isinstance(values[0], float):
        return float(sum([value == value for value in values])) or float("nan")
    columns = np.array(values)
    asked = (columns == columns).sum(axis=0).astype(np.float64)
    return np.where(asked == 0, np.nan, asked)


def count_of(values: Sequence[Numbers], number: float) -> Numbers:
    """How many of `values` (floats, or float64[n] each) equal `number`."""
    if isinstance(values[0], float):
        return float(values.count(number))
    equal: Numbers = (np.array(values) == number).sum(axis=0).astype(np.float64)
    return equal


def total_known(values: Sequence[Numbers]) -> Numbers:
    """The sum of `values` (floats, or float64[n] each) in their order, without nulls."""
    if isinstance(values[0], float):
        return sum([value for value in values if value == value], 0.0)
    total = np.zeros_like(values[0])
    for value in values:
        total += np.where(value == value, value, 0.0)
    return total


def where_flag(flag: Numbers, value: Numbers) -> Numbers:
    """`value` where `flag` is 1, otherwise `flag`: 0, or NaN for null (floats, or float64[n] each)."""
    if isinstance(flag, float):
        return value if flag == 1.0 else flag
    return np.where(flag == 1.0, value, flag)
