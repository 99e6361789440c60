"""Random numbers of the cohort: one independent stream for each name, so that a knob moves only what it names.

A grid is an array of shape (days, participants); its first `BURN_IN` days lie before the diary, so that the
first entry has a yesterday and a past week, and one day follows the last entry, so that each entry has a
tomorrow.
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
    """The generator called `name`: its numbers depend on `seed` and `name` and on nothing drawn elsewhere."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], *, carry: float) -> Floats:
    """A stationary first-order autoregression along the days: mean 0, variance 1, lag-1 correlation `carry`."""
    values = rng.standard_normal(shape)
    values[1:] *= math.sqrt(1 - carry**2)
    for day in range(1, shape[0]):
        values[day] += carry * values[day - 1]
    return values


def bounded(name: str, values: Floats, *, per_unit: int) -> Floats:
    """`values` in place, rounded to 1/`per_unit` of a unit, as people write, and held in the contract."""
    np.multiply(values, per_unit, out=values)
    np.rint(values, out=values)
    np.divide(values, per_unit, out=values)
    return np.clip(values, BY_NAME[name].low, BY_NAME[name].high, out=values)


def lagged(grid: Floats) -> Floats:
    """Yesterday's value on each day of `grid`; the first day, which is never reported, keeps its own."""
    return np.concatenate([grid[:1], grid[:-1]])
