"""The newest day of one participant and its history, as floats.

`LastDay` has the methods of `core.features.windows.Windows`, for the single row of an online prediction. For one row,
floats are many times faster than arrays of length one. Both are IEEE doubles, and sums are added over the same days in
the same order, so the bits are the same. Not here: the operations on days (`core.features.operations`). This module
needs only NumPy.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from migraine_assets.core.features.diary import Floats, Integers
from migraine_assets.core.features.windows import LOOK_BACK, Layout

_NULL = float("nan")


class LastDay:
    """The newest day of one participant and its history. Every method returns a float, NaN for null.

    `day` int64[n]: days since 1970-01-01, increasing. `columns`: float64[n] each. The methods have the same meaning as
    those of `core.features.windows.Windows`.
    """

    def __init__(
        self, day: Integers, columns: Mapping[str, Floats], *, dated: bool, horizon: int, layout: Layout
    ) -> None:
        self.horizon = horizon
        self._dated, self._day, self._layout = dated, int(day[-1]), layout
        self._first = int(day.searchsorted(day[-1] - LOOK_BACK)) if dated else len(day) - 1
        self._ages = (day[-1] - day[self._first :]).tolist()
        self._columns = columns
        self._line = layout.lines
        self._withheld = layout.withheld if not horizon else frozenset()
        self._today: dict[str, float] = {}

    def day(self) -> float:
        """Return the day in days since 1970-01-01."""
        return float(self._day) if self._dated else _NULL

    def today(self, column: str) -> float:
        """Return the value of the newest day; null for a withheld column at horizon 0."""
        return _NULL if column in self._withheld else self._of_today(column)

    def back(self, column: str, days: int) -> float:
        """Return the value exactly `days` calendar days before the newest knowable day."""
        return self._history[column][days] if self._dated else _NULL

    def count(self, column: str, span: int) -> float:
        """Return the number of days of the window on which the column has a value."""
        return float(self._sums[span][1][self._line[column]]) if self._dated else _NULL

    def total(self, column: str, span: int) -> float:
        """Return the sum of the values in the window; null if there are none."""
        if not self._dated:
            return _NULL
        totals, counts = self._sums[span]
        line = self._line[column]
        return totals[line] if counts[line] else _NULL

    def mean(self, column: str, span: int) -> float:
        """Return the mean of the values in the window; null if there are none."""
        return self.total(column, span) / max(self.count(column, span), 1.0)

    def last(self, column: str, span: int) -> float:
        """Return the newest known value of the window."""
        return next((value for value in self._window(column, span) if value == value), _NULL)

    def days_since(self, column: str, value: float, span: int) -> float:
        """Return the days since the column last was `value`; `span` if it never was in the window."""
        if not self._dated or not self.count(column, span):
            return _NULL
        return float(next((age for age, one in enumerate(self._window(column, span)) if one == value), span))

    def run(self, column: str, value: float, span: int) -> float:
        """Return the number of consecutive days with `value` up to the newest knowable day."""
        window = self._window(column, span)
        if not window or window[0] != window[0]:
            return _NULL
        return float(next((age for age, one in enumerate(window) if one != value), span))

    def _window(self, column: str, span: int) -> list[float]:
        return self._history[column][:span] if self._dated else []

    def _of_today(self, column: str) -> float:
        value = self._today.get(column)
        if value is None:
            value = self._today[column] = self._read_today(column)
        return value

    def _read_today(self, column: str) -> float:
        quantity = self._layout.quantities.get(column)
        if quantity is not None:
            return float(quantity(self._of_today))  # type: ignore[arg-type]  # numbers for arrays
        values = self._columns.get(column)
        return _NULL if values is None else float(values[-1])

    def _with_history(self, column: str) -> Floats:
        quantity = self._layout.quantities.get(column)
        if quantity is not None:
            return quantity(self._with_history)
        values = self._columns.get(column)
        return np.full(len(self._ages), _NULL) if values is None else values[self._first :]

    @cached_property
    def _table(self) -> Floats:
        """The columns with a history, by age in days, [29, columns]; age 0 is the newest knowable day."""
        table = np.full((LOOK_BACK + 1, len(self._line)), _NULL)
        table[self._ages] = np.array([self._with_history(name) for name in self._line]).T
        if not self.horizon:
            withheld = self._layout.withheld_lines
            table[:-1, withheld] = table[1:, withheld]
        return table

    @cached_property
    def _history(self) -> dict[str, list[float]]:
        return dict(zip(self._line, self._table.T.tolist(), strict=True))

    @cached_property
    def _sums(self) -> dict[int, tuple[list[float], list[int]]]:
        """Sums and numbers of known values, by length of the window, added from the newest day on as in `Windows`."""
        window = self._table[:LOOK_BACK]
        known = window == window
        totals = np.add.accumulate(np.where(known, window, 0.0))
        counts = np.add.accumulate(known, dtype=np.int64)
        return {span: (totals[span - 1].tolist(), counts[span - 1].tolist()) for span in self._layout.sums}
