"""Conversion of a preprocessed frame to a `Diary`. Other modules of the features do not use pandas."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.core.diary.columns import encoded
from migraine_assets.core.features.diary import Diary, Floats, Integers


def diary_from_frame(frame: pd.DataFrame, *, contract: Contract = CONTRACT) -> Diary:
    """Convert `frame` to a diary with the same rows.

    `frame`: the fields of `contract`, sorted by participant_id and date (`core.diary.preprocess`). Other columns are
    ignored; columns that are absent or all null are left out. A frame without dates (all null, or no such column) is
    undated. Raises `ValueError` if only some dates are null, or if rows are unsorted or duplicated.
    """
    day, dated = _days(frame)
    participant = pd.factorize(frame["participant_id"])[0].astype(np.int64)
    return Diary(participant, day, dated, _columns(frame, contract))


def diaries_from_frame(
    frame: pd.DataFrame, *, contract: Contract = CONTRACT, rows: int
) -> Iterator[tuple[Sequence[str], Diary]]:
    """Yield the diaries of parts of `frame` with about `rows` rows, each with all days of its participants.

    Each item is a list of participants, in the order of their codes, and their diary. See `diary_from_frame`.
    """
    names = frame["participant_id"].to_numpy(object)
    starts = np.append(np.flatnonzero(np.append(True, names[1:] != names[:-1])), len(names))
    first = 0
    while first < len(starts) - 1:
        stop = max(first + 1, int(np.searchsorted(starts, starts[first] + rows, side="right")) - 1)
        part = frame.iloc[starts[first] : starts[stop]]
        yield names[starts[first:stop]].tolist(), diary_from_frame(part, contract=contract)
        first = stop


def _days(frame: pd.DataFrame) -> tuple[Integers, bool]:
    null = frame["date"].isna() if "date" in frame else pd.Series(True, index=frame.index)
    if null.all() and len(frame):
        return np.zeros(len(frame), dtype=np.int64), False
    if null.any():
        raise ValueError(f"{int(null.sum())} of {len(frame)} rows have no date. Either all rows have one or none has.")
    days = frame["date"].to_numpy(dtype="datetime64[D]")
    return days.astype(np.int64), True


def _columns(frame: pd.DataFrame, contract: Contract) -> dict[str, Floats]:
    fields = [field for field in contract.fields if field.numeric and field.name in frame]
    columns = {field.column: encoded(frame[field.name], field) for field in fields}
    return {column: values for column, values in columns.items() if not np.isnan(values).all()}
