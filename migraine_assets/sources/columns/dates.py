"""Parsing of dates: the accepted formats, and the choice between day first and month first.

That choice is made for a whole column, never for a single cell. A date is represented as days since 1970-01-01; the
time of day is dropped without converting the time zone. Not here: bounds on dates (`core.diary.validation`).
"""

import datetime
import re
from collections.abc import Iterable
from typing import Literal

from migraine_assets.errors import DataRefused

Order = Literal["day first", "month first"]

_TIME = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?$"
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})" + _TIME)
_EITHER = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})" + _TIME)
_DAY_NAMED = re.compile(r"(\d{1,2})[-\s.]+([A-Za-z]{3,9})\.?[-\s,]+(\d{4})" + _TIME)
_NAMED_DAY = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})" + _TIME)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = datetime.date(1970, 1, 1).toordinal()

# The range of datetime64[ns].
_FIRST_YEAR, _LAST_YEAR = 1678, 2261

# Up to this share of dates may contradict the order or format of the column; they become unreadable.
_MAX_DEVIATING = 0.05


def decide_order(cells: Iterable[str], *, column: str) -> Order | None:
    """Return the order of dates such as 03/04/2020 among `cells`; None if there are none.

    A number above 12 determines the order. Raises `DataRefused` if nothing determines it, or if the evidence conflicts.
    A few such dates among many of another format are treated as errors and stay unreadable.
    """
    distinct = list(cells)
    matches = [match for cell in distinct if (match := _EITHER.match(cell.strip()))]
    pairs = [(int(match[1]), int(match[3])) for match in matches]
    possible = [pair for pair in pairs if min(pair) <= 12 and max(pair) <= 31]
    if len(possible) <= _MAX_DEVIATING * len(distinct):
        return None
    days, months = (sum(pair[index] > 12 for pair in possible) for index in (0, 1))
    if days + months and min(days, months) <= _MAX_DEVIATING * max(days, months):
        return "day first" if days > months else "month first"
    problem = "mixes day-first and month-first dates" if days else "may be day first or month first"
    raise DataRefused(
        f"Column '{column}' {problem}. State the format in a mapping: "
        f'\'date: {{column: "{column}", format: "%d/%m/%Y"}}\' or "%m/%d/%Y".'
    )


def parse_date(cell: str, order: Order | None) -> int | None:
    """Return the days since 1970-01-01 of `cell`; None if it is not in an accepted format."""
    if match := _YEAR_FIRST.match(cell):
        return _days(match[1], match[3], match[4])
    if match := _COMPACT.match(cell):
        return _days(match[1], match[2], match[3])
    if match := _DOTTED.match(cell):
        return _days(match[3], match[2], match[1])
    if match := _EITHER.match(cell):
        day, month = (match[1], match[3]) if order == "day first" else (match[3], match[1])
        return _days(match[4], month, day) if order else None
    if match := _DAY_NAMED.match(cell):
        return _days(match[3], _month(match[2]), match[1])
    if match := _NAMED_DAY.match(cell):
        return _days(match[3], _month(match[1]), match[2])
    return None


def parse_with_format(cell: str, form: str) -> int | None:
    """Return the days since 1970-01-01 of `cell` in the strptime format `form`; None if it does not match."""
    try:
        moment = datetime.datetime.strptime(cell, form)
    except ValueError:
        return None
    return _in_range(moment.date())


def parse_day_index(cell: str, epoch: datetime.date) -> int | None:
    """Return the days since 1970-01-01 of a whole number of days after `epoch`; None if `cell` is not one."""
    try:
        number = float(cell)
        return _in_range(epoch + datetime.timedelta(days=int(number))) if number == int(number) else None
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _days(year: str, month: str | int, day: str) -> int | None:
    try:
        return _in_range(datetime.date(int(year), int(month), int(day)))
    except ValueError:
        return None


def _in_range(date: datetime.date) -> int | None:
    return date.toordinal() - _EPOCH if _FIRST_YEAR <= date.year <= _LAST_YEAR else None
