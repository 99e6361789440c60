"""Side tables: daily values from wearables or a weather service, which complete a diary.

Not here: joining them to a diary (`sources.joins`), reading one from a format (`sources.importers.formats`).
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migraine_assets.sources.columns.dates import parse_date
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.sheets import Cell, sheet_of_rows

# Measurements that the contract has no field for. They are read if the parameters declare a field of that name.
HEART_RATE, VARIABILITY, SCORE = "resting_heart_rate", "hrv", "sleep_score"


@dataclass(frozen=True)
class SideTable:
    """A table with one row for each day.

    The columns of `sheet` are `date` and fields in their units; other columns keep their names.

    `what`: the export, for messages. `of_place`: whether the values belong to a place and not to a participant.
    """

    sheet: Sheet
    what: str
    of_place: bool = False


@dataclass(frozen=True)
class Sleep:
    """A period of sleep. `day`: the day on which it ended. `identity`: equal for the same sleep in two exports."""

    day: dt.date
    hours: float
    identity: str


def sleep_rows(sleeps: Iterable[Sleep]) -> tuple[dict[dt.date, dict[str, Cell]], int]:
    """Return the hours of sleep by day, and the number of days with several sleeps, whose hours are added."""
    nights: dict[dt.date, dict[str, float]] = {}
    for sleep in sleeps:
        nights.setdefault(sleep.day, {})[sleep.identity] = sleep.hours
    rows: dict[dt.date, dict[str, Cell]] = {
        day: {"sleep_hours": f"{round(sum(parts.values()), 4):g}"} for day, parts in nights.items()
    }
    return rows, sum(len(parts) > 1 for parts in nights.values())


def side_table(
    file: str,
    days: Mapping[dt.date, Mapping[str, Cell]],
    what: str,
    *,
    notes: Sequence[str] = (),
    of_place: bool = False,
) -> SideTable:
    """Return the side table with the cells of `days`."""
    # Columns without a value are left out, because the export does not contain them.
    rows = [
        {"date": day.isoformat(), **{name: cell for name, cell in days[day].items() if cell is not None}}
        for day in sorted(days)
    ]
    return SideTable(sheet_of_rows(file, rows, notes=tuple(notes)), what, of_place)


def several_note(file: str, several: int) -> tuple[str, ...]:
    """Return the note on days with several sleeps, if there are any."""
    return (f"{file}: {several} days have several sleeps, whose hours were added.",) if several else ()


def day_of(text: str) -> dt.date | None:
    """Return the day of an ISO 8601 time or of a date with the name of its month; None for other text."""
    days = parse_date(text.strip().replace("\u202f", " "), None)
    return None if days is None else dt.date(1970, 1, 1) + dt.timedelta(days=days)


def number_of(cell: Cell) -> float | None:
    """Return the number in a cell, with or without thousands commas; None for a cell without a number."""
    try:
        number = float((cell or "").replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
