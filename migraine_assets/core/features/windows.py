"""A block of diary rows with its calendar: what a feature may look at, and how far back.

Here belong gaps, nulls, horizons and sums over days. Not here: which features there are (`core.features.table`).
NumPy only.

The rows are laid out on a calendar with one slot per day, so that the value k days ago is k slots to the left,
and participants stand further apart than the longest window. Every sum runs over the row's own window, from its
newest day to its oldest, one IEEE operation per day: the same bits for one row as for a million.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import contract
from migraine_assets.core.features.daily import BY_NAME as DAILY
from migraine_assets.core.features.diary import Diary, Floats, Integers

LOOK_BACK = 28  # calendar days
SPANS = (7, 14, 28)  # the windows over which sums are kept
_APART = LOOK_BACK + 1  # slots: one more than any window is long, at either horizon
_SPARSE = 4  # slots for each row, from which on sums are gathered row by row

# Known to a same-day prediction only up to the day before: what an attack is, and what it can cause.
WITHHELD = frozenset(field.name for field in contract.FIELDS if field.role == "outcome" or field.consequence)


class Windows:
    """Rows `first` to `stop` of a diary as features see them. Every method gives float64[n], NaN for null.

    Of a `WITHHELD` column the newest knowable day is today at horizon 1 and yesterday at horizon 0; of every
    other column it is today. A window of `span` days ends with that day. In an undated diary whatever is not
    about today is null. `spans`: for each column with a history the longest window (days) that is asked of it.
    Results may share memory: do not write to them.
    """

    def __init__(self, diary: Diary, *, first: int, stop: int, horizon: int, spans: Mapping[str, int]) -> None:
        self.horizon = horizon
        self._diary, self._first, self._stop = diary, first, stop
        self._start = _history(diary, first)
        self._null = np.full(stop - first, np.nan)
        self._null.flags.writeable = False
        self._rows: dict[str, Floats] = {}
        self._line: dict[str, int] = {}
        if diary.dated:
            self._lay_out(spans)

    def day(self) -> Floats:
        """Days since 1970-01-01."""
        return self._diary.day[self._first : self._stop].astype(np.float64) if self._diary.dated else self._null

    def today(self, column: str) -> Floats:
        """The value of the row itself; null for a `WITHHELD` column at horizon 0."""
        if column in WITHHELD and not self.horizon:
            return self._null
        values: Floats = self._with_history(column)[self._first - self._start :]
        return values

    def back(self, column: str, days: int) -> Floats:
        """The value exactly `days` calendar days before the newest knowable day."""
        line = self._line.get(column)
        if line is None:
            return self._null
        values: Floats = self._values[line, self._slots - days]
        return values

    def count(self, column: str, span: int) -> Floats:
        """Days of the window on which the column was asked: 0 to `span`."""
        line = self._line.get(column)
        if line is None:
            return np.zeros_like(self._null) if self._diary.dated else self._null
        asked: Floats = self._sums[span][1][line].astype(np.float64)
        return asked

    def total(self, column: str, span: int) -> Floats:
        """Sum over the asked days of the window; null where there is none."""
        line = self._line.get(column)
        if line is None:
            return self._null
        sums, counts = self._sums[span]
        return np.where(counts[line] == 0, np.nan, sums[line])

    def mean(self, column: str, span: int) -> Floats:
        """Mean over the asked days of the window; null where there is none."""
        return self.total(column, span) / np.maximum(self.count(column, span), 1.0)

    def last(self, column: str) -> Floats:
        """The newest known value of the last 28 days."""
        line = self._line.get(column)
        if line is None:
            return self._null
        values = self._values[line]
        newest, age = self._newest(values == values)
        return np.where(age < LOOK_BACK, values[newest], np.nan)

    def days_since(self, column: str, value: float) -> Floats:
        """Days from the last time the column was `value` to the newest knowable day, at most 28.

        28 where it was not in the window; null where the column was not asked in the window at all.
        """
        line = self._line.get(column)
        if line is None:
            return self._null
        age = self._newest(self._values[line] == value)[1]
        return np.where(self.count(column, LOOK_BACK) == 0, np.nan, np.minimum(age, LOOK_BACK))

    def run(self, column: str, value: float) -> Floats:
        """Consecutive days up to the newest knowable one on which the column was `value`, at most 28.

        A day that was not asked ends the run; null where the newest knowable day itself was not asked.
        """
        line = self._line.get(column)
        if line is None:
            return self._null
        length = np.minimum(self._newest(self._values[line] != value)[1], LOOK_BACK)
        newest = self._values[line, self._slots]
        return np.where(newest == newest, length, np.nan)

    def _newest(self, slots: NDArray[np.bool_]) -> tuple[Integers, Integers]:
        """For each row the newest marked slot up to its own and its age in days; `_APART` where none is."""
        marked = np.maximum.accumulate(np.where(slots, np.arange(len(slots)), -1))[self._slots]
        age = np.where(marked < 0, _APART, self._slots - marked)
        return np.maximum(marked, 0), age

    def _with_history(self, column: str) -> Floats:
        """The column from the first row of history to the last row of the block."""
        if column not in self._rows:
            self._rows[column] = self._read(column)
        return self._rows[column]

    def _read(self, column: str) -> Floats:
        if column in DAILY:
            return DAILY[column].function(self._with_history)
        values = self._diary.columns.get(column)
        if values is None:
            return np.full(self._stop - self._start, np.nan)
        return values[self._start : self._stop]

    def _lay_out(self, spans: Mapping[str, int]) -> None:
        """Put the columns with a history on the calendar, longest window first, and sum."""
        columns = [name for name in sorted(spans, key=lambda name: -spans[name]) if self._is_known(name)]
        self._line = {name: line for line, name in enumerate(columns)}
        slots = _calendar(self._diary, self._start, self._stop)
        self._slots = slots[self._first - self._start :]
        self._values = np.full((len(columns), slots[-1] + 1), np.nan)
        if columns:
            self._values[:, slots] = np.array([self._with_history(name) for name in columns])
        if not self.horizon:
            for line in (line for name, line in self._line.items() if name in WITHHELD):
                self._values[line, 1:] = self._values[line, :-1].copy()
        self._sums = _sums(self._values, self._slots, [spans[name] for name in columns])

    def _is_known(self, column: str) -> bool:
        fields = DAILY[column].inputs if column in DAILY else (column,)
        return any(field in self._diary.columns for field in fields)


def _history(diary: Diary, first: int) -> int:
    """The first row of the same participant that lies at most 28 days before row `first`."""
    if not diary.dated:
        return first
    mine = int(np.searchsorted(diary.participant, diary.participant[first]))
    return mine + int(np.searchsorted(diary.day[mine:first], diary.day[first] - LOOK_BACK))


def _calendar(diary: Diary, start: int, stop: int) -> Integers:
    """The slot of each row. A gap longer than any window, and the next participant, count as `_APART` days."""
    participant, day = diary.participant[start:stop], diary.day[start:stop]
    steps = np.full(stop - start, _APART)
    apart = np.minimum(day[1:] - day[:-1], _APART)
    steps[1:] = np.where(participant[1:] == participant[:-1], apart, _APART)
    return np.add.accumulate(steps)


def _sums(values: Floats, slots: Integers, spans: list[int]) -> dict[int, tuple[Floats, NDArray[np.uint8]]]:
    """For each of `SPANS` the sums of known values and their number, [columns with such a window, rows].

    `spans` (days, for each column) must not increase: the columns that still need a day come first.
    """
    known = values == values
    filled, asked = np.where(known, values, 0.0), known.view(np.uint8)
    oldest = slots[0] if len(slots) else 0
    # Most people of a batch bring a day or a few: then the calendar is nearly empty, and only its rows are added up.
    few = _SPARSE * len(slots) < values.shape[1] - oldest
    rows = np.arange(len(slots)) if few else slots - oldest
    newest = slots if few else slice(oldest, None)
    total, count = filled[:, newest] + 0.0, asked[:, newest].copy()
    taken = known.any(axis=0)
    sums, lines = {}, len(spans)
    for lag in range(1, LOOK_BACK):
        while lines and spans[lines - 1] <= lag:
            lines -= 1
        if not few or taken[slots - lag].any():
            earlier = slots - lag if few else slice(oldest - lag, -lag)
            total[:lines] += filled[:lines, earlier]
            count[:lines] += asked[:lines, earlier]
        if lag + 1 in SPANS:
            sums[lag + 1] = total[:lines, rows], count[:lines, rows]
    return sums
