"""A block of diary rows on a calendar, with the windows of past days that features use.

This module handles gaps, nulls, horizons and sums over days. Not here: the operations of features
(`core.features.operations`), the same methods for a single row (`core.features.single_row`). This module needs only
NumPy.

The calendar has one slot per day, so the value k days ago is k slots to the left. Participants are further apart than
the longest window. Every sum is added from the newest day of the row's window to the oldest, one IEEE operation per
day, so that a single row gets the same bits as in a batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features.diary import Diary, Floats, Integers

Positions = NDArray[np.intp]

LOOK_BACK = 28  # calendar days, the longest window
_APART = LOOK_BACK + 1  # slots, one more than the longest window
_SPARSE = 4  # slots per row; above it, sums are computed for the rows only, not for all slots


@dataclass(frozen=True, eq=False)
class Layout:
    """The columns, windows and quantities that a set of features needs.

    `spans`: for each column with a history, its longest window in days. `sums`: lengths of the windows with sums,
    ascending. `withheld`: the columns that a same-day prediction uses only up to the day before. `quantities`:
    functions of the quantities of a day. `parts`: the columns that each quantity reads.
    """

    spans: Mapping[str, int]
    sums: tuple[int, ...]
    withheld: frozenset[str]
    quantities: Mapping[str, Callable[[Callable[[str], Floats]], Floats]]
    parts: Mapping[str, tuple[str, ...]]

    @cached_property
    def lines(self) -> dict[str, int]:
        """The positions of the columns with a history, by name."""
        return {name: line for line, name in enumerate(self.spans)}

    @cached_property
    def withheld_lines(self) -> list[int]:
        """The positions in `lines` of the withheld columns."""
        return [line for name, line in self.lines.items() if name in self.withheld]


class Windows:
    """The rows of a diary from `first` until before `stop`, or `rows` among them, with their history.

    Every method returns float64[n], NaN for null. `rows`: ascending, the first is `first` and the last `stop` - 1.

    The newest knowable day of a withheld column is yesterday at horizon 0; in all other cases it is today. A window of
    `span` days ends with that day. In an undated diary, everything except the values of today is null. Results may
    share memory, so do not write to them.
    """

    def __init__(
        self, diary: Diary, *, first: int, stop: int, horizon: int, layout: Layout, rows: Positions | None = None
    ) -> None:
        self.horizon = horizon
        self._layout = layout
        self._diary, self._stop = diary, stop
        self._start = _history(diary, first)
        # Positions of the block's rows, counted from the first row of the history.
        self._chosen: Positions | slice = slice(first - self._start, None) if rows is None else rows - self._start
        self._null = np.full(stop - first if rows is None else len(rows), np.nan)
        self._null.flags.writeable = False
        self._rows: dict[str, Floats] = {}
        self._line: dict[str, int] = {}
        if diary.dated:
            self._lay_out()

    def day(self) -> Floats:
        """Return the day of each row in days since 1970-01-01."""
        if not self._diary.dated:
            return self._null
        return self._diary.day[self._start : self._stop][self._chosen].astype(np.float64)

    def today(self, column: str) -> Floats:
        """Return the value of the row's own day; null for a withheld column at horizon 0."""
        if column in self._layout.withheld and not self.horizon:
            return self._null
        values: Floats = self._with_history(column)[self._chosen]
        return values

    def back(self, column: str, days: int) -> Floats:
        """Return the value exactly `days` calendar days before the newest knowable day."""
        line = self._line.get(column)
        if line is None:
            return self._null
        values: Floats = self._values[line, self._slots - days]
        return values

    def count(self, column: str, span: int) -> Floats:
        """Return the number of days of the window on which the column has a value, from 0 to `span`."""
        line = self._line.get(column)
        if line is None:
            return np.zeros_like(self._null) if self._diary.dated else self._null
        counts: Floats = self._sums[span][1][line].astype(np.float64)
        return counts

    def total(self, column: str, span: int) -> Floats:
        """Return the sum of the values in the window; null if there are none."""
        line = self._line.get(column)
        if line is None:
            return self._null
        sums, counts = self._sums[span]
        return np.where(counts[line] == 0, np.nan, sums[line])

    def mean(self, column: str, span: int) -> Floats:
        """Return the mean of the values in the window; null if there are none."""
        return self.total(column, span) / np.maximum(self.count(column, span), 1.0)

    def last(self, column: str, span: int) -> Floats:
        """Return the newest known value of the window."""
        line = self._line.get(column)
        if line is None:
            return self._null
        values = self._values[line]
        newest, age = self._newest(values == values)
        return np.where(age < span, values[newest], np.nan)

    def days_since(self, column: str, value: float, span: int) -> Floats:
        """Return the days from the last day with `value` to the newest knowable day.

        The result is `span` if no day of the window has `value`, and null if the column has no value in the window.
        """
        line = self._line.get(column)
        if line is None:
            return self._null
        age = self._newest(self._values[line] == value)[1]
        return np.where(self.count(column, span) == 0, np.nan, np.minimum(age, span))

    def run(self, column: str, value: float, span: int) -> Floats:
        """Return the number of consecutive days with `value` up to the newest knowable day, at most `span`.

        A day without a value ends the run. The result is null if the newest knowable day has no value.
        """
        line = self._line.get(column)
        if line is None:
            return self._null
        length = np.minimum(self._newest(self._values[line] != value)[1], span)
        newest = self._values[line, self._slots]
        return np.where(newest == newest, length, np.nan)

    def _newest(self, slots: NDArray[np.bool_]) -> tuple[Integers, Integers]:
        """Return each row's newest marked slot up to its own, and its age in days (`_APART` if there is none)."""
        marked = np.maximum.accumulate(np.where(slots, np.arange(len(slots)), -1))[self._slots]
        age = np.where(marked < 0, _APART, self._slots - marked)
        return np.maximum(marked, 0), age

    def _with_history(self, column: str) -> Floats:
        """Return the column from the first row of history to the last row of the block."""
        if column not in self._rows:
            self._rows[column] = self._read(column)
        return self._rows[column]

    def _read(self, column: str) -> Floats:
        quantity = self._layout.quantities.get(column)
        if quantity is not None:
            return quantity(self._with_history)
        values = self._diary.columns.get(column)
        if values is None:
            return np.full(self._stop - self._start, np.nan)
        return values[self._start : self._stop]

    def _lay_out(self) -> None:
        """Lay the columns with a history out on the calendar, longest window first, and compute the sums."""
        spans, withheld = self._layout.spans, self._layout.withheld
        columns = [name for name in sorted(spans, key=lambda name: -spans[name]) if self._is_known(name)]
        self._line = {name: line for line, name in enumerate(columns)}
        slots = _calendar(self._diary, self._start, self._stop)
        self._slots = slots[self._chosen]
        self._values = np.full((len(columns), slots[-1] + 1), np.nan)
        if columns:
            self._values[:, slots] = np.array([self._with_history(name) for name in columns])
        if not self.horizon:
            for line in (line for name, line in self._line.items() if name in withheld):
                self._values[line, 1:] = self._values[line, :-1].copy()
        self._sums = _sums(self._values, self._slots, [spans[name] for name in columns], self._layout.sums)

    def _is_known(self, column: str) -> bool:
        return any(part in self._diary.columns for part in self._layout.parts.get(column, (column,)))


def _history(diary: Diary, first: int) -> int:
    """Return the first row of the same participant that is at most 28 days older than row `first`."""
    if not diary.dated:
        return first
    start = int(np.searchsorted(diary.participant, diary.participant[first]))
    return start + int(np.searchsorted(diary.day[start:first], diary.day[first] - LOOK_BACK))


def _calendar(diary: Diary, start: int, stop: int) -> Integers:
    """Return the slot of each row. A gap longer than any window, or a new participant, counts as `_APART` days."""
    participant, day = diary.participant[start:stop], diary.day[start:stop]
    steps = np.full(stop - start, _APART)
    apart = np.minimum(day[1:] - day[:-1], _APART)
    steps[1:] = np.where(participant[1:] == participant[:-1], apart, _APART)
    return np.add.accumulate(steps)


def _sums(
    values: Floats, slots: Integers, spans: list[int], windows: tuple[int, ...]
) -> dict[int, tuple[Floats, NDArray[np.uint8]]]:
    """Return the sums and numbers of known values, [columns with such a window, rows], for each window in `windows`.

    `spans` (days, for each column) must not increase, so that columns with longer windows come first.
    """
    known = values == values
    filled, ones = np.where(known, values, 0.0), known.view(np.uint8)
    oldest = slots[0] if len(slots) else 0
    # If most participants have only a few days, as in a batch request, the calendar is nearly empty, so sum only the
    # rows.
    few = _SPARSE * len(slots) < values.shape[1] - oldest
    rows = np.arange(len(slots)) if few else slots - oldest
    newest = slots if few else slice(oldest, None)
    total, count = filled[:, newest] + 0.0, ones[:, newest].copy()
    occupied = known.any(axis=0)
    sums, lines = {}, len(spans)
    for lag in range(1, max(windows, default=1)):
        while lines and spans[lines - 1] <= lag:
            lines -= 1
        if not few or occupied[slots - lag].any():
            earlier = slots - lag if few else slice(oldest - lag, -lag)
            total[:lines] += filled[:lines, earlier]
            count[:lines] += ones[:lines, earlier]
        if lag + 1 in windows:
            sums[lag + 1] = total[:lines, rows], count[:lines, rows]
    return sums
