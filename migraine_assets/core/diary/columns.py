"""Columns of a diary frame as numpy arrays, whatever dtype the frame was loaded with.

Here belongs the passage from pandas to numpy that validation, quality and preprocessing share. Not here: the
encoding of a diary for features (`core.features.from_frame`).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Column `name` as float64 with NaN for null. It may be the frame's own memory: do not write to it."""
    series = frame[name]
    if series.dtype == np.float64:
        return series.to_numpy()
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def codes(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Text column as codes (-1 for null) into the list of its different values, in order of appearance."""
    found, values = pd.factorize(column)
    return found.astype(np.int64), [str(value) for value in values]


def known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values that are not null."""
    return values[~np.isnan(values)]
