"""The days of one participant as a calendar without gaps: days without an entry are null.

Not here: rates (`core.person.rates`), overuse limits (`core.person.months`), features (`core.features`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from migraine_assets.core.contract import CONTRACT, SEVERITY, Contract
from migraine_assets.core.features.diary import Diary, Flags, Floats
from migraine_assets.core.features.labels import PLAIN, attack_days
from migraine_assets.core.features.outcome import AttackDefinition

MEDICATION = "medication"


@dataclass(frozen=True, eq=False)
class Calendar:
    """Consecutive days of one participant.

    `first`: the first day, since 1970-01-01. `entered` bool[n]: days with an entry. `attack` float64[n]: 0, 1 or NaN
    for unknown. `columns`: the diary columns, float64[n] each, in the contract's units, NaN for null.
    """

    first: int
    entered: Flags
    attack: Floats
    columns: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.entered)

    @property
    def last(self) -> int:
        """The last day, since 1970-01-01."""
        return self.first + len(self) - 1

    @property
    def severity(self) -> Floats:
        """The severity of attack days, float64[n]; NaN on other days."""
        return np.where(self.attack == 1, self.values(SEVERITY), np.nan)

    @property
    def drug(self) -> Floats:
        """Whether a drug was taken on each day, float64[n] of 0, 1 or NaN."""
        return self.values(MEDICATION)

    def values(self, column: str) -> Floats:
        """Return a column, float64[n]; all NaN if the diary does not have it."""
        values = self.columns.get(column)
        return np.full(len(self), np.nan) if values is None else values

    def since(self, day: int) -> "Calendar":
        """Return the days from `day` on."""
        cut = slice(max(0, day - self.first), None)
        columns = {name: values[cut] for name, values in self.columns.items()}
        return Calendar(max(day, self.first), self.entered[cut], self.attack[cut], columns)


def calendar_of(
    diary: Diary, *, first: int, definition: AttackDefinition = PLAIN.attack, fields: Contract = CONTRACT
) -> Calendar:
    """Return the calendar of a dated `diary` of one participant, from the day `first` to its last entry.

    Raises `ValueError` for an undated diary, several participants, or no entry since `first`.
    """
    if not diary.dated or len(np.unique(diary.participant)) != 1 or diary.day[-1] < first:
        raise ValueError("A calendar needs a dated diary of one participant with an entry since its first day.")
    rows = np.flatnonzero(diary.day >= first)
    position = diary.day[rows] - first
    days = int(diary.day[-1]) - first + 1
    entered = np.zeros(days, dtype=np.bool_)
    entered[position] = True

    def spread(values: Floats) -> Floats:
        whole = np.full(days, np.nan)
        whole[position] = values[rows]
        return whole

    columns = {name: spread(values) for name, values in diary.columns.items()}
    return Calendar(first, entered, spread(attack_days(diary, definition, fields=fields)), columns)
