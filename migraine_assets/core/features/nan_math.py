"""Arithmetic with nulls (NaN) on a float or on an array, with the same bits in both cases.

A NumPy function takes about ten times as long on a single float as plain Python, and each prediction of the service
needs dozens of calls. This module needs only NumPy. Not here: operations over several days
(`core.features.operations`).
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from migraine_assets.core.features.diary import Floats

# Typed as arrays; floats, which `core.features.single_row` passes, are also accepted.
Numbers: TypeAlias = Floats


def at_most(value: Numbers, limit: float) -> Numbers:
    """Return the minimum of `value` (float or float64[n]) and `limit`. NaN stays NaN."""
    if isinstance(value, float):
        return limit if value > limit else value
    return np.minimum(value, limit)


def at_least(value: Numbers, limit: float) -> Numbers:
    """Return the maximum of `value` (float or float64[n]) and `limit`. NaN stays NaN."""
    if isinstance(value, float):
        return limit if value < limit else value
    return np.maximum(value, limit)


def count_known(values: Sequence[Numbers]) -> Numbers:
    """Count the `values` (floats, or float64[n] each) that are not null; NaN if all are null."""
    if isinstance(values[0], float):
        return float(sum([value == value for value in values])) or float("nan")
    columns = np.array(values)
    counts = (columns == columns).sum(axis=0).astype(np.float64)
    return np.where(counts == 0, np.nan, counts)


def count_of(values: Sequence[Numbers], number: float) -> Numbers:
    """Count the `values` (floats, or float64[n] each) that equal `number`."""
    if isinstance(values[0], float):
        return float(values.count(number))
    equal: Numbers = (np.array(values) == number).sum(axis=0).astype(np.float64)
    return equal


def total_known(values: Sequence[Numbers]) -> Numbers:
    """Return the sum of the `values` (floats, or float64[n] each) that are not null, added in their order."""
    if isinstance(values[0], float):
        return sum([value for value in values if value == value], 0.0)
    total = np.zeros_like(values[0])
    for value in values:
        total += np.where(value == value, value, 0.0)
    return total


def where_flag(flag: Numbers, value: Numbers) -> Numbers:
    """Return `value` if `flag` is 1, and otherwise `flag` (0 or NaN); floats, or float64[n] each."""
    if isinstance(flag, float):
        return value if flag == 1.0 else flag
    return np.where(flag == 1.0, value, flag)
