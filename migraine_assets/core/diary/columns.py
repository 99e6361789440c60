"""Columns of a diary frame as NumPy arrays, independent of the dtype of the frame.

Validation, quality checks, preprocessing and features share these conversions from pandas.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import Field


def numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return column `name` as float64[n], NaN for null. It may share memory with the frame, so do not write to it."""
    return _floats(frame[name])


def codes(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Return the codes int64[n] (-1 for null) of a text column, and its distinct values in order of appearance."""
    numbered, values = pd.factorize(column)
    return numbered.astype(np.int64), [str(value) for value in values]


def encoded(column: pd.Series, field: Field) -> NDArray[np.float64]:
    """Return a column of `field` as float64[n], NaN for null; a category is encoded. Do not write to the result."""
    if field.encoding is None:
        return _floats(column)
    code, values = codes(column)
    # The last element is that of null, which has the code -1.
    lookup = np.array([*(field.encoding.numbers.get(value, np.nan) for value in values), np.nan])
    return lookup[code]


def known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values that are not null."""
    return values[~np.isnan(values)]


def _floats(series: pd.Series) -> NDArray[np.float64]:
    if series.dtype == np.float64:
        return series.to_numpy()
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
