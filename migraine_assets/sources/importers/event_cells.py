"""The cells of a list of attacks: times, durations and severities, with a count of those that cannot be read.

If a cell cannot be read, an end or a severity becomes unknown; only an attack without a start is left out. Not here:
the columns of a table of attacks (`sources.importers.formats.attack_events`), the days of an attack
(`sources.importers.attacks`).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.cells import decide_notation, number
from migraine_assets.sources.columns.dates import SERIAL
from migraine_assets.sources.importers.attacks import LONGEST
from migraine_assets.sources.importers.sheets import Cell
from migraine_assets.sources.importers.times import duration, is_day_first, local_time

T = TypeVar("T")

# If a larger share of the cells of one kind cannot be read, their form is unknown, and the file is refused.
_MOST_UNREADABLE = 0.10
# Attacks last for hours, so numbers without a unit are minutes if their median is larger.
_MOST_HOURS = 24.0
# Grades as the middle of what 0 to 10 calls mild, moderate and severe.
_TOP = 10.0
_GRADES = {"mild": 2.0, "moderate": 5.0, "severe": 8.0}
# If more severities than this share cannot be read, their scale is another.
_MOST_SEVERITIES = 0.5


class EventCells:
    """A reader of the cells of the attacks of one file.

    `starts`, `ends`: all cells of the starts (column `column`) and ends, which together decide the order of day and
    month, unless `day_first` states it.

    `minutes`: whether durations without a unit are in minutes; None to decide it from their median. `overnight`:
    whether ends are times of day, so that an end before the start is on the next day. `severities`: their cells;
    `scale`: their factor and offset. `comma_file`: whether a comma may be a decimal mark.
    """

    def __init__(
        self,
        file: str,
        column: str,
        starts: Sequence[str],
        durations: Sequence[str] = (),
        *,
        ends: Sequence[str] = (),
        day_first: bool | None = None,
        minutes: bool | None = None,
        overnight: bool = False,
        severities: Sequence[str] = (),
        scale: tuple[float, float] = (1.0, 0.0),
        comma_file: bool = False,
    ) -> None:
        self._file = file
        self._day_first = is_day_first(file, column, [*starts, *ends]) if day_first is None else day_first
        self._notes: tuple[str, ...] = ()
        self._overnight, self._scale = overnight, scale
        self._graded = False
        self._failed: dict[str, list[DataRefused]] = {}
        self._total = len(starts)
        if any(SERIAL.match(text.strip()) for text in (*starts, *ends)):
            self._notes = (f"{file}: numbers in '{column}' were read as serial numbers of Excel.",)
        self._of_durations, self._of_severities = (
            decide_notation(texts, comma_file=comma_file)
            for texts in (durations, [text.partition("/")[0] for text in severities])
        )
        plain = [value for text in durations if (value := number(text, self._of_durations)) is not None]
        self._minutes = bool(plain) and float(np.median(plain)) > _MOST_HOURS if minutes is None else minutes
        if plain and minutes is None:
            unit = "minutes" if self._minutes else "hours"
            self._notes = (*self._notes, f"{file}: durations without a unit were read as {unit}.")

    def time(self, cell: Cell, line: int, what: str) -> dt.datetime | None:
        """Return a time, with its zone if stated; None for an empty or unreadable cell, which is counted as `what`."""
        return self._read(what, cell, lambda text: local_time(
            text, file=self._file, line=line, day_first=self._day_first, keep_zone=True
        ))  # fmt: skip

    def end(self, start: dt.datetime, end: Cell, lasted: Cell, line: int) -> dt.datetime | None:
        """Return the end of an attack from the cell `end` or the duration `lasted`; None if neither can be used."""
        if end:
            ended = self.time(end, line, "end")
        elif lasted:
            value = number(lasted, self._of_durations)
            hours = None if value is None else value / 60 if self._minutes else value
            span = dt.timedelta(hours=hours) if hours is not None and 0 <= hours < 1e5 else self._read(
                "duration", lasted, lambda text: duration(text, file=self._file, line=line)
            )  # fmt: skip
            ended = None if span is None else start + span
        else:
            return None
        if ended is None:
            return None
        if (ended.tzinfo is None) != (start.tzinfo is None):
            start, ended = start.replace(tzinfo=None), ended.replace(tzinfo=None)
        if self._overnight and ended < start:
            ended += dt.timedelta(days=1)
        if dt.timedelta() <= ended - start <= LONGEST:
            return ended
        self._fail("end", DataRefused(
            f"{self._file} line {line}: the attack lasts from {start} to {ended}. Correct its start or end; an attack "
            f"of more than {LONGEST.days} days is not accepted."
        ))  # fmt: skip
        return None

    def severity(self, cell: Cell, line: int) -> float | None:
        """Return a severity from 0 to 10, written as a number or as `7/10`; None for other cells."""
        if cell is None or not cell.strip():
            return None
        if (grade := _GRADES.get(cell.strip().casefold())) is not None:
            self._graded = True
            return grade
        value = number(cell.partition("/")[0], self._of_severities)
        factor, offset = self._scale
        if value is not None and 0 <= value * factor + offset <= _TOP:
            return value * factor + offset
        self._fail("severity", DataRefused(
            f"{self._file} line {line}: a severity is not a number from 0 to 10. State its scale in the header, as in "
            "'Pain (0-100)', or under 'events' in a mapping as 'scale: 0-100', or name only the other columns there."
        ))  # fmt: skip
        return None

    def notes(self) -> tuple[str, ...]:
        """Return the notes on decisions and unreadable cells. Raises the first `DataRefused` if there are too many."""
        counts = []
        for what, errors in self._failed.items():
            most = _MOST_SEVERITIES if what == "severity" else _MOST_UNREADABLE
            if len(errors) > max(1.0, most * self._total) or len(errors) == self._total:
                raise errors[0]
            effect = "such attacks were left out" if what == "start" else "they are unknown"
            counts.append(f"{self._file}: {len(errors)} cells of the {what} cannot be used; {effect}.")
        grades = "the grades mild, moderate and severe were read as 2, 5 and 8 of 10"
        return (*self._notes, *counts, *((f"{self._file}: {grades}.",) if self._graded else ()))

    def _read(self, what: str, cell: Cell, read: Callable[[str], T]) -> T | None:
        if cell is None or not cell.strip():
            return None
        try:
            return read(cell)
        except DataRefused as error:
            self._fail(what, error)
            return None

    def _fail(self, what: str, error: DataRefused) -> None:
        self._failed.setdefault(what, []).append(error)
