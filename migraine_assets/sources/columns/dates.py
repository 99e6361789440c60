"""Parsing of dates: the accepted formats, and `DateReading`, the decisions on a whole column.

A date is represented as days since 1970-01-01. The time of day is dropped; a zone is converted only if one is stated.
Not here: the decisions (`sources.columns.date_columns`), bounds on dates (`core.diary.validation`).
"""

import datetime
import re
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from migraine_assets.sources.columns.words import MONTHS, folded

Order = Literal["day first", "month first"]

_ZONE = r"(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
_TIME = r"(?P<time>,?[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?\s*" + _ZONE + r")?$"
_YEAR = r"(\d{4}|\d{2})"
YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?" + _YEAR + _TIME)
# With a hyphen, two digits at the end may be the day: 24-01-09.
EITHER = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|(?<=/)\d{2})" + _TIME)
_LETTERS = r"([^\W\d_]{3,})"
_DAY_NAMED = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-\s.]+(?:de\s+)?" + _LETTERS + r"\.?[-\s,]+(?:de\s+)?" + _YEAR + _TIME
)
_NAMED_DAY = re.compile(_LETTERS + r"\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+" + _YEAR + _TIME)
_WEEKDAY = re.compile(r"([^\W\d_]{2,})\.?,?\s+(?=\S)")
SERIAL = re.compile(r"([2-5]\d{4})(?:\.\d+)?$")
INSTANT = re.compile(r"(\d{10}|\d{13})(?:\.0*)?$")

# Day 0 of Excel's serial numbers from March 1900 on; Excel treats 1900 as a leap year.
_EXCEL_EPOCH = datetime.date(1899, 12, 30)
_EPOCH = datetime.date(1970, 1, 1).toordinal()
# Two-digit years, as POSIX reads them.
_PIVOT = 69

# The range of datetime64[ns].
_FIRST_YEAR, _LAST_YEAR = 1678, 2261

_BASE = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class DateReading:
    """The reading of a date column.

    `order`: order of day and month in dates such as 03/04/2020. `swapped`: ISO dates and serial numbers have day and
    month exchanged. `serials`, `instants`: whole numbers are Excel's days, or seconds or milliseconds since 1970.
    `timezone`: the zone to which instants and timestamps with a zone are converted. `notes`: the guesses, as sentences.
    """

    order: Order | None = None
    swapped: bool = False
    serials: bool = False
    instants: bool = False
    timezone: str | None = None
    notes: tuple[str, ...] = ()

    def parse(self, cell: str) -> int | None:
        """Return the days since 1970-01-01 of `cell`; None if it is not in an accepted format."""
        if cell.isascii() and cell[:1].isdigit() and (day := self._numeric(cell)) is not None:
            return day
        return parse_date(cell, self.order, timezone=self.timezone)

    def _numeric(self, cell: str) -> int | None:
        if self.serials and SERIAL.match(cell):
            day = serial_day(cell)
            return _swap(day) if self.swapped and day is not None else day
        if self.instants and INSTANT.match(cell):
            moment = instant(cell)
            return _in_range(moment.astimezone(_zone(self.timezone)).date())
        if self.swapped and (match := YEAR_FIRST.match(cell)) and not match["time"]:
            return _days(match[1], match[4], match[3])
        return None


def parse_date(cell: str, order: Order | None, *, timezone: str | None = None) -> int | None:
    """Return the days since 1970-01-01 of `cell`; None if it is not in an accepted format.

    `timezone`: the zone to which a timestamp with another zone is converted.
    """
    if match := YEAR_FIRST.match(cell):
        if timezone and match["zone"]:
            return _local_day(cell, timezone)
        return _days(match[1], match[3], match[4])
    if match := _COMPACT.match(cell):
        return _days(match[1], match[2], match[3])
    if match := DOTTED.match(cell):
        return _days(match[3], match[2], match[1])
    if match := EITHER.match(cell):
        day, month = (match[1], match[3]) if order == "day first" else (match[3], match[1])
        return _days(match[4], month, day) if order else None
    if match := _DAY_NAMED.match(cell):
        return _days(match[3], MONTHS.get(folded(match[2]), 0), match[1])
    if match := _NAMED_DAY.match(cell):
        return _days(match[3], MONTHS.get(folded(match[1]), 0), match[2])
    if (match := _WEEKDAY.match(cell)) and folded(match[1]) not in MONTHS:
        return parse_date(cell[match.end() :], order, timezone=timezone)
    return None


def serial_day(cell: str) -> int | None:
    """Return the days since 1970-01-01 of a serial number of Excel."""
    return _in_range(_EXCEL_EPOCH + datetime.timedelta(days=int(float(cell))))


def serial_time(cell: str) -> datetime.datetime:
    """Return the time of a serial number of Excel, whose fraction is the time of day, to the second."""
    moment = datetime.datetime.combine(_EXCEL_EPOCH, datetime.time()) + datetime.timedelta(days=float(cell))
    return (moment + datetime.timedelta(milliseconds=500)).replace(microsecond=0)


def instant(cell: str) -> datetime.datetime:
    """Convert seconds (10 digits) or milliseconds (13 digits) since 1970 to a time in UTC."""
    digits = cell.partition(".")[0]
    return _BASE + datetime.timedelta(seconds=int(digits) / (1000 if len(digits) == 13 else 1))


def parse_with_format(cell: str, form: str) -> int | None:
    """Return the days since 1970-01-01 of `cell` in the strptime format `form`; None if it does not match.

    Month names may be in any language of `sources.columns.words`.
    """
    if "%B" in form or "%b" in form:
        short = "%B" not in form
        cell = re.sub(r"[^\W\d_]{3,}\.?", lambda word: _english(word[0], short=short), cell)
    try:
        moment = datetime.datetime.strptime(cell, form)
    except ValueError:
        return None
    return _in_range(moment.date())


def _english(word: str, *, short: bool) -> str:
    number = MONTHS.get(folded(word))
    if number is None:
        return word
    return datetime.date(2000, number, 1).strftime("%b" if short else "%B")


def parse_day_index(cell: str, epoch: datetime.date) -> int | None:
    """Return the days since 1970-01-01 of a whole number of days after `epoch`; None if `cell` is not one."""
    try:
        number = float(cell)
        return _in_range(epoch + datetime.timedelta(days=int(number))) if number == int(number) else None
    except (ValueError, OverflowError):
        return None


def _local_day(cell: str, timezone: str) -> int | None:
    stamp = cell.strip().replace(",", ".").replace(" UTC", "Z").replace("/", "-")
    try:
        moment = datetime.datetime.fromisoformat(re.sub(r"\s+(?=[+-]|Z)", "", stamp))
    except ValueError:
        return None
    return _in_range(moment.astimezone(_zone(timezone)).date())


def _zone(timezone: str | None) -> datetime.tzinfo:
    return ZoneInfo(timezone) if timezone else datetime.UTC


def _swap(day: int) -> int | None:
    date = datetime.date.fromordinal(day + _EPOCH)
    return _days(str(date.year), date.day, str(date.month))


def _days(year: str, month: str | int, day: str) -> int | None:
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= _PIVOT else 2000
    try:
        return _in_range(datetime.date(number, int(month), int(day)))
    except ValueError:
        return None


def _in_range(date: datetime.date) -> int | None:
    return date.toordinal() - _EPOCH if _FIRST_YEAR <= date.year <= _LAST_YEAR else None
