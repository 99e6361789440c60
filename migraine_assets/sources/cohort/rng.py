"""Random numbers of the cohort: one independent stream per name, so that changing an option leaves the rest as it is.

A grid is an array of shape (days, participants). Its first `BURN_IN` days precede the diary, so that the first entry
has a previous week, and one day follows the last entry, so that every entry has a next day.
"""

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import BY_NAME

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BURN_IN = 7


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random generator of the stream `name`, which depends only on `seed` and `name`."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], *, carry: float) -> Floats:
    """Draw a stationary AR(1) process along the days: mean 0, variance 1, lag-1 correlation `carry`."""
    values = rng.standard_normal(shape)
    values[1:] *= math.sqrt(1 - carry**2)
    for day in range(1, shape[0]):
        values[day] += carry * values[day - 1]
    return values


def bounded(name: str, values: Floats, *, per_unit: int) -> Floats:
    """Round `values` in place to 1/`per_unit` of a unit, and clip them to the bounds of the field `name`."""
    np.multiply(values, per_unit, out=values)
    np.rint(values, out=values)
    np.divide(values, per_unit, out=values)
    return np.clip(values, BY_NAME[name].low, BY_NAME[name].high, out=values)


def lagged(grid: Floats) -> Floats:
    """Return the previous day's value for each day of `grid`; the first day, a burn-in day, keeps its own."""
    return np.concatenate([grid[:1], grid[:-1]])
