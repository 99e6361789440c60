"""Dates as people write them.

Here belong the accepted forms and the decision between day-first and month-first, which a whole column makes,
never one cell. Not here: bounds on dates (`core.diary.validation`).

A date is kept as days since 1970-01-01; a time of day is dropped as written, without a change of zone.
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

# What datetime64[ns] holds.
_FIRST_YEAR, _LAST_YEAR = 1678, 2261

# A column may hold this share of dates that contradict its order or its form; they are then unreadable.
_SLIPS = 0.05


def decide_order(cells: Iterable[str], *, column: str) -> Order | None:
    """Whether the dates of the form 03/04/2020 among `cells` are day first; None where there are none.

    A number above 12 proves the order. Raises `DataRefused` where nothing proves it, or where the proofs clash;
    but a few such dates among many of another form are slips, and stay unreadable.
    """
    distinct = list(cells)
    matches = [match for cell in distinct if (match := _EITHER.match(cell.strip()))]
    pairs = [(int(match[1]), int(match[3])) for match in matches]
    possible = [pair for pair in pairs if min(pair) <= 12 and max(pair) <= 31]
    if len(possible) <= _SLIPS * len(distinct):
        return None
    days, months = (sum(pair[at] > 12 for pair in possible) for at in (0, 1))
    if days + months and min(days, months) <= _SLIPS * max(days, months):
        return "day first" if days > months else "month first"
    problem = "mixes day-first and month-first dates" if days else "may be day first or month first"
    raise DataRefused(
        f"Column '{column}' {problem}, for example '{matches[0][0]}'. State the form in a mapping: "
        f'\'date: {{column: "{column}", format: "%d/%m/%Y"}}\' or "%m/%d/%Y".'
    )


def parse_date(cell: str, order: Order | None) -> int | None:
    """Days since 1970-01-01 of `cell`; None where it is not a date in a form accepted here."""
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


def parse_stated(cell: str, form: str) -> int | None:
    """Days since 1970-01-01 of `cell` in strptime's `form`; None where it does not have that form."""
    try:
        found = datetime.datetime.strptime(cell, form)
    except ValueError:
        return None
    return _within(found.date())


def parse_day_index(cell: str, epoch: datetime.date) -> int | None:
    """Days since 1970-01-01 of the whole number of days `cell` after `epoch`; None where it is none."""
    try:
        number = float(cell)
        return _within(epoch + datetime.timedelta(days=int(number))) if number == int(number) else None
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _days(year: str, month: str | int, day: str) -> int | None:
    try:
        return _within(datetime.date(int(year), int(month), int(day)))
    except ValueError:
        return None


def _within(date: datetime.date) -> int | None:
    return date.toordinal() - _EPOCH if _FIRST_YEAR <= date.year <= _LAST_YEAR else None
