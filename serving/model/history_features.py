"""Features of the days to predict from, computed from the participants' histories.

Not here: checking and cleaning days (`serving.input`), running models (`serving.model.scoring`).
"""

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary
from serving.input.columns import ORDER
from serving.input.histories import Histories


def features_of(histories: Histories, *, horizon: int) -> NDArray[np.float32]:
    """Features of each target row, float32[n, features] in the order of `engine.NAMES`."""
    columns = {ORDER[index]: histories.values[index] for index in np.flatnonzero(histories.given).tolist()}
    if histories.single:
        row: NDArray[np.float32] = engine.compute_day(histories.day, columns, horizon=horizon)[None]
        return row
    rows: NDArray[np.float32] = engine.compute(Diary(histories.person, histories.day, True, columns), horizon=horizon)
    return rows if np.array_equal(histories.targets, np.arange(len(rows))) else rows[histories.targets]
