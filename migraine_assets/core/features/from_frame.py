"""From the preprocessed frame to the arrays of a `Diary`. The only bridge between pandas and the features."""

import numpy as np
import pandas as pd

from migraine_assets.core import contract
from migraine_assets.core.features.diary import ENCODINGS, Diary, Floats, Integers, column_of


def diary_from_frame(frame: pd.DataFrame) -> Diary:
    """The diary in `frame`, row for row.

    `frame`: contract columns, sorted by participant_id and date (`core.diary.preprocess`); other columns are ignored,
    absent or wholly null ones are left out. A frame whose dates are all null (or that has none) is undated.
    Raises `ValueError` where only some dates are null, or where rows are unsorted or duplicated.
    """
    day, dated = _days(frame)
    participant = pd.factorize(frame["participant_id"])[0].astype(np.int64)
    return Diary(participant, day, dated, _columns(frame))


def _days(frame: pd.DataFrame) -> tuple[Integers, bool]:
    null = frame["date"].isna() if "date" in frame else pd.Series(True, index=frame.index)
    if null.all() and len(frame):
        return np.zeros(len(frame), dtype=np.int64), False
    if null.any():
        raise ValueError(f"{int(null.sum())} of {len(frame)} rows have no date: either all have one or none has.")
    days = frame["date"].to_numpy(dtype="datetime64[D]")
    return days.astype(np.int64), True


def _columns(frame: pd.DataFrame) -> dict[str, Floats]:
    fields = [field.name for field in contract.FIELDS if field.role != "key" and field.name in frame]
    found = {column_of(name): _numbers(frame[name]) for name in fields}
    return {column: values for column, values in found.items() if not np.isnan(values).all()}


def _numbers(series: "pd.Series[float]") -> Floats:
    encoding = ENCODINGS.get(str(series.name))
    numbers = series.astype(object).map(encoding.numbers) if encoding else series
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
