"""Summaries of the columns of a frame: aggregates that describe no single participant.

They may be stored where rows of a diary may not, such as in the metadata of an asset. Not here: profiles, which compare
two deliveries (`core.diary.profile`).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Columns of fewer participants have no mean, because it would describe one of them.
MIN_PARTICIPANTS = 5
KEY = "participant_id"
COLUMNS: tuple[str, ...] = ("column", "known", "mean", "standard deviation")

Row = tuple[str, int, float | None, float | None]


def column_summaries(frame: pd.DataFrame) -> list[Row]:
    """Return one row of `COLUMNS` per column of `frame`, in its order.

    `known` counts the values that are not null. The mean and the standard deviation are None for columns that are not
    numbers, and for those that fewer than `MIN_PARTICIPANTS` participants (rows, without `participant_id`) filled in.
    """
    group = pd.factorize(frame[KEY])[0] if KEY in frame else np.arange(len(frame))
    return [_summary(str(name), frame[name], group) for name in frame.columns]


def _summary(name: str, column: pd.Series, group: NDArray[np.intp]) -> Row:
    known = column.notna().to_numpy()
    count = int(known.sum())
    if not pd.api.types.is_numeric_dtype(column) or np.unique(group[known]).size < MIN_PARTICIPANTS:
        return name, count, None, None
    values = column.to_numpy(np.float64)[known]
    return name, count, float(values.mean()), float(values.std())
