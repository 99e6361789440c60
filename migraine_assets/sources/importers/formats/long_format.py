"""Long tables: one row for each participant, day and variable. They become one row for each day.

Not here: lists of attacks (`sources.importers.formats.attack_events`).
"""

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.diary.aliases import canonical
from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of, sheet_of_rows

VARIABLES = ("variable", "measure", "parameter", "item", "question", "metric", "indicator")
VALUES = ("value", "answer", "response")


def _columns(sheet: Sheet) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the columns of the variable and its value, and those that identify the day."""
    names = {canonical(name): name for name in sheet.header}
    variable = next((names[name] for name in VARIABLES if name in names), None)
    value = next((names[name] for name in VALUES if name in names), None)
    if variable is None or value is None or canonical(ATTACK) in names:
        return None
    return variable, value, tuple(name for name in sheet.header if name not in (variable, value))


def _is_long(sheet: Sheet) -> bool:
    columns = _columns(sheet)
    return columns is not None and any(
        "date" in canonical(name) or canonical(name) in ("day", "timestamp", "time") for name in columns[2]
    )


def _widened(sheet: Sheet) -> Sheet:
    columns = _columns(sheet)
    assert columns is not None  # recognized
    variable, value, keys = columns
    days: dict[tuple[Cell, ...], dict[str, Cell]] = {}
    lines: dict[tuple[Cell, ...], int] = {}
    for line, row in zip(sheet.lines.tolist(), rows_of(sheet), strict=True):
        key, name = tuple(row[column] for column in keys), row[variable]
        day = days.setdefault(key, dict(zip(keys, key, strict=True)))
        lines.setdefault(key, line)
        if name is None:
            continue
        if day.get(name) not in (None, row[value]):
            raise DataRefused(
                f"{sheet.file} line {line}: '{name}' has a second value for the same day. Remove one of them."
            )
        day[name] = row[value]
    note = f"{sheet.file} is in long format: the names in '{variable}' were read as columns, {len(days)} days in all."
    return sheet_of_rows(sheet.file, list(days.values()), lines=list(lines.values()), notes=(*sheet.notes, note))


LONG = Shape("long", "Long format: participant, date, variable, value.", _is_long, _widened, keeps_columns=True)
