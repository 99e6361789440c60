"""Decisions on a whole date column: day or month first, exchanged day and month, serial numbers, time zones.

A decision is made from the cells of all files together and is reported in a note. Not here: parsing
(`sources.columns.dates`).
"""

import datetime
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.advice import mapping_line, remedy
from migraine_assets.sources.columns.dates import (
    DOTTED,
    EITHER,
    INSTANT,
    SERIAL,
    YEAR_FIRST,
    DateReading,
    Order,
    instant,
    serial_day,
)

# Up to this share of dates may contradict the order or format of the column; they become unreadable.
_MAX_DEVIATING = 0.05
# If none of this many dates has a day above 12, it is unlikely to be chance: (12/30.4)^10 is 1e-4.
_MIN_EXCHANGED = 10
_ORDERS: dict[bool, Order] = {True: "day first", False: "month first"}


def decide(cells: Iterable[str], *, column: str, timezone: str | None, day_first: bool | None = None) -> DateReading:
    """Return how the distinct `cells` of the date column are read. `day_first`: the order that a mapping states.

    Raises `DataRefused` if day first and month first are both possible, if the cells contradict each other, or if UTC
    timestamps need a time zone.
    """
    distinct = [cell.strip() for cell in cells]
    serials = [cell for cell in distinct if SERIAL.match(cell)]
    instants = [cell for cell in distinct if INSTANT.match(cell)]
    if instants and len(instants) >= (1 - _MAX_DEVIATING) * len(distinct):
        return _instants(instants, column, timezone)
    exchanged = _exchanged(distinct, serials)
    if exchanged is not None:
        text, true_order = exchanged
        notes = (f"'{column}': {text}",)
        return DateReading(true_order, swapped=True, serials=bool(serials), timezone=timezone, notes=notes)
    if serials and len(serials) >= (1 - _MAX_DEVIATING) * len(distinct):
        note = f"'{column}' was read as serial numbers of Excel, which count the days from 1899-12-30."
        return DateReading(serials=True, notes=(note,))
    if timezone is None:
        _refuse_utc(distinct, column)
    order = decide_order(distinct, column=column) if day_first is None else _ORDERS[day_first]
    return DateReading(order, timezone=timezone)


def decide_order(cells: Iterable[str], *, column: str) -> Order | None:
    """Return the order of dates such as 03/04/2020 among `cells`; None if there are none.

    A number above 12 determines the order. Raises `DataRefused` if there is none, or if the cells contradict each
    other, and advises to state the format. A few such dates among many of another format are treated as errors and stay
    unreadable.
    """
    distinct = list(cells)
    order, problem = _order(distinct)
    if problem is None:
        return order
    match = next(match for cell in distinct if (match := EITHER.match(cell.strip())))
    year = "%Y" if len(match[4]) == 4 else "%y"
    form = f'"%d{match[2]}%m{match[2]}{year}"'
    raise DataRefused(
        f"Column '{column}' {problem}. State the format, {form} or "
        f'"%m{match[2]}%d{match[2]}{year}". {remedy(mapping_line("date", column, format=form))}'
    )


def order_of_times(cells: Iterable[str], *, file: str, column: str) -> Order | None:
    """Return the order of day and month among the times `cells`, like `decide_order`.

    The refusal advises to state `day_first`, because the format of a time is not stated.
    """
    order, problem = _order(list(cells))
    if problem is None:
        return order
    raise DataRefused(
        f"{file}: column '{column}' {problem}. State whether the day comes first, true or false. "
        f"{remedy('{day_first: true}')}"
    )


def _order(distinct: Sequence[str]) -> tuple[Order | None, str | None]:
    """Return the order of day and month, and the problem if it cannot be decided."""
    matches = [match for cell in distinct if (match := EITHER.match(cell.strip()))]
    pairs = [(int(match[1]), int(match[3])) for match in matches]
    possible = [pair for pair in pairs if min(pair) <= 12 and max(pair) <= 31]
    if len(possible) <= _MAX_DEVIATING * len(distinct):
        return None, None
    days, months = (sum(pair[index] > 12 for pair in possible) for index in (0, 1))
    if days + months and min(days, months) <= _MAX_DEVIATING * max(days, months):
        return "day first" if days > months else "month first", None
    return None, "mixes day-first and month-first dates" if days else "may be day first or month first"


def refuse_utc_stamps(cells: pa.Array, *, column: str) -> None:
    """Raise `DataRefused` for a column of UTC timestamps with a time of day, which need a time zone."""
    if not pa.types.is_timestamp(cells.type) or cells.type.tz not in ("UTC", "Etc/UTC", "+00:00"):
        return
    known = cells.drop_null()
    timed = known.filter(pc.not_equal(known, pc.floor_temporal(known, unit="day")))
    if len(timed):
        raise _zone_needed(column, "contains times in UTC")


def _exchanged(cells: Sequence[str], serials: Sequence[str]) -> tuple[str, Order] | None:
    """Return a description and the true order if a spreadsheet converted dates with day and month exchanged.

    The spreadsheet could not convert a date whose day is above 12, because it took the day for a month. Such dates are
    still text, and no converted date has a day above 12.
    """
    text = [match for cell in cells if (match := EITHER.match(cell) or DOTTED.match(cell))]
    iso = [match for cell in cells if (match := YEAR_FIRST.match(cell)) and not match["time"]]
    numbers = [day for cell in serials if (day := serial_day(cell)) is not None]
    converted = [int(match[4]) for match in iso] + [_date(day).day for day in numbers]
    if len(converted) < _MIN_EXCHANGED or len(text) < _MIN_EXCHANGED or max(converted) > 12:
        return None
    pairs = [(int(match[1]), int(match[3] if match.re is EITHER else match[2])) for match in text]
    day_first, month_first = all(first > 12 for first, _ in pairs), all(second > 12 for _, second in pairs)
    if not day_first and not month_first:
        return None
    return (
        f"a spreadsheet converted {len(converted)} of the dates with day and month swapped (none has a day above 12, "
        f"and all others are still text). They were swapped back.",
        "day first" if day_first else "month first",
    )


def _instants(cells: Sequence[str], column: str, timezone: str | None) -> DateReading:
    moments = [instant(cell) for cell in cells]
    if timezone is None and any(moment.time() != datetime.time() for moment in moments):
        raise _zone_needed(column, "contains times since 1970")
    notes = (f"'{column}' was read as times since 1970.",)
    return DateReading(instants=True, timezone=timezone, notes=notes)


def _refuse_utc(cells: Sequence[str], column: str) -> None:
    """Raise if all timestamps with a zone are in UTC: a server writes UTC, but a participant's day is local."""
    zoned = [match for cell in cells if (match := YEAR_FIRST.match(cell)) and match["zone"]]
    utc = [match for match in zoned if match["zone"] in ("Z", "UTC") or match["zone"].strip("+-0:") == ""]
    timed = [match for match in utc if match["time"].strip("TZUC +-0:.,")]
    if zoned and len(utc) == len(zoned) and timed:
        raise _zone_needed(column, "contains times in UTC")


def _zone_needed(column: str, what: str) -> DataRefused:
    line = f"{{timezone: Europe/Berlin, {mapping_line('date', column)[1:]}"
    return DataRefused(
        f"Column '{column}' {what}, so an evening may fall on another day. State where the participants live, as a "
        f"name such as Europe/Berlin or America/New_York (or UTC). {remedy(line)}"
    )


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
