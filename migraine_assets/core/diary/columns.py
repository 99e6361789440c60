"""Columns of a diary frame as NumPy arrays, independent of the dtype of the frame.

Validation, quality checks, preprocessing and features share these conversions from pandas.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import Field


def numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Column `name` as float64 with NaN for null. It may share the frame's memory: do not write to it."""
    return _floats(frame[name])


def codes(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """A text column as codes (-1 for null) into the list of its distinct values, in order of appearance."""
    numbered, values = pd.factorize(column)
    return numbered.astype(np.int64), [str(value) for value in values]


def encoded(column: pd.Series, field: Field) -> NDArray[np.float64]:
    """A column of `field` as float64[n], NaN for null; a category by its encoding. Do not write to it."""
    if field.encoding is None:
        return _floats(column)
    code, values = codes(column)
    # The last one is for code -1, null.
    lookup = np.array([*(field.encoding.numbers.get(value, np.nan) for value in values), np.nan])
    return lookup[code]


def known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values that are not null."""
    return values[~np.isnan(values)]


def _floats(series: pd.Series) -> NDArray[np.float64]:
    if series.dtype == np.float64:
        return series.to_numpy()
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
