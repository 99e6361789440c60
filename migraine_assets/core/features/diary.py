"""A diary as arrays, the input of features and labels, with the checks of its invariants.

Not here: the conversion from pandas (`core.features.from_frame`), the encoding of categories (`core.contract`),
cleaning (`core.diary.cleaning`). This module needs only NumPy, because the service imports it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, LARGEST, Encoding

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


# Encodings and diary columns of the default contract.
ENCODINGS: Mapping[str, Encoding] = {item.name: item.encoding for item in CONTRACT.fields if item.encoding}
COLUMNS: tuple[str, ...] = CONTRACT.columns

# The largest number of days ahead; 0 is the same day.
MAX_HORIZON = 7


def column_of(field: str) -> str:
    """Return the diary column of `field` in the default contract."""
    return CONTRACT.by_name[field].column


@dataclass(frozen=True, eq=False)
class Diary:
    """Diary days of any number of participants.

    `participant` int64[n]: a code for each participant, non-decreasing. `day` int64[n]: days since 1970-01-01, strictly
    increasing within a participant. `dated`: if False, the rows have no order and no history, and `day` is 0
    everywhere. `columns`: diary columns (`Contract.columns`), each float64[n] in the contract's unit with NaN for "not
    asked"; an absent column is null everywhere. Raises `ValueError` if these conditions are not met.
    """

    participant: Integers
    day: Integers
    dated: bool
    columns: Mapping[str, Floats]

    def __post_init__(self) -> None:
        _check_keys(self.participant, self.day, dated=self.dated)
        for name, values in self.columns.items():
            _check_column(name, values, len(self))

    def __len__(self) -> int:
        return len(self.participant)

    def values(self, column: str) -> Floats:
        """Return a column, float64[n]; all NaN if the diary does not have it."""
        values = self.columns.get(column)
        return np.full(len(self), np.nan) if values is None else values


def check_horizon(diary: Diary, horizon: int) -> None:
    """Raise `ValueError` if `diary` cannot be predicted `horizon` days ahead."""
    if type(horizon) is not int or not 0 <= horizon <= MAX_HORIZON:
        raise ValueError(f"The horizon must be from 0 (same day) to {MAX_HORIZON} days, not {horizon!r}.")
    if horizon and not diary.dated:
        raise ValueError("An undated diary has no next day: its horizon is 0.")


def _check_keys(participant: Integers, day: Integers, *, dated: bool) -> None:
    for name, key in (("participant", participant), ("day", day)):
        if key.ndim != 1 or key.dtype != np.int64:
            raise ValueError(f"{name} must be int64[n], not {key.dtype}{list(key.shape)}.")
    if len(participant) != len(day):
        raise ValueError(f"participant has {len(participant)} rows, day has {len(day)}.")
    if not dated and day.any():
        raise ValueError("An undated diary has day 0 in every row.")
    same = participant[1:] == participant[:-1]
    if (participant[1:] < participant[:-1]).any():
        raise ValueError("Rows must be sorted by participant: the codes decrease.")
    if dated and (same & (day[1:] <= day[:-1])).any():
        raise ValueError("Days must strictly increase within a participant: sort them and drop duplicates.")


def _check_column(name: str, values: Floats, rows: int) -> None:
    if values.dtype != np.float64 or values.shape != (rows,):
        raise ValueError(f"Column '{name}' must be float64[{rows}], not {values.dtype}{list(values.shape)}.")
    if np.fmax.reduce(np.abs(values), initial=0.0) > LARGEST:
        raise ValueError(f"Column '{name}' has an infinite value or one above {LARGEST:g}.")
