"""A diary as arrays: the one form in which features and labels are computed.

Here belong the arrays, their invariants and the numeric encoding of categories. Not here: pandas
(`core.features.from_frame`), the cleaning of values (`core.diary.validation`, `core.diary.preprocess`). NumPy only:
the service imports this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import contract

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Encoding:
    """How a category becomes a number: the diary column that holds it, and the number of each category."""

    column: str
    numbers: Mapping[str, float]
    description: str


# A category without a number ("other") becomes null: it says nothing on the question that the column answers.
ENCODINGS: dict[str, Encoding] = {
    "sex": Encoding("sex", {"F": 1.0, "M": 0.0}, "1 female, 0 male."),
    "migraine_type": Encoding(
        "aura",
        {"aura": 1.0, "mixed": 1.0, "no_aura": 0.0},
        "1 where some attacks come with aura, 0 where none do.",
    ),
}


def column_of(field: str) -> str:
    """The diary column that holds the contract's `field`."""
    return ENCODINGS[field].column if field in ENCODINGS else field


COLUMNS: tuple[str, ...] = tuple(column_of(field.name) for field in contract.FIELDS if field.role != "key")

HORIZONS = (0, 1)

# No quantity of a diary comes near it, and the product of two below it is still finite as float32.
LARGEST = 1e9


@dataclass(frozen=True, eq=False)
class Diary:
    """Diary days of any number of participants.

    `participant` int64[n]: a code for each participant, non-decreasing. `day` int64[n]: days since 1970-01-01,
    strictly increasing within a participant. `dated` False: the rows have no order and no history, `day` is 0
    everywhere. `columns`: some of `COLUMNS`, each float64[n] in the contract's unit with NaN for "not asked";
    an absent column is null everywhere. Raises `ValueError` where any of this does not hold.
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
        """The column, float64[n]; NaN everywhere where the diary lacks it."""
        found = self.columns.get(column)
        return np.full(len(self), np.nan) if found is None else found


def check_horizon(diary: Diary, horizon: int) -> None:
    """Raises `ValueError` where `diary` cannot be predicted `horizon` days ahead."""
    if horizon not in HORIZONS:
        raise ValueError(f"The horizon is 0 (same day) or 1 (next day), not {horizon!r}.")
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
    if name not in COLUMNS:
        raise ValueError(f"'{name}' is not a column of a diary; known are {', '.join(COLUMNS)}.")
    if values.dtype != np.float64 or values.shape != (rows,):
        raise ValueError(f"Column '{name}' must be float64[{rows}], not {values.dtype}{list(values.shape)}.")
    if np.fmax.reduce(np.abs(values), initial=0.0) > LARGEST:
        raise ValueError(f"Column '{name}' holds an infinite value or one beyond {LARGEST:g}.")
