"""Daylio: the CSV export, one row for each entry with its activities.

Not here: the meaning of activities (`sources.importers.formats.activities`).
"""

import re

from migraine_assets.core.contract import ATTACK
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.formats.activities import activities_note, flag_of
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of, sheet_of_rows


def _is_export(sheet: Sheet) -> bool:
    return {"full_date", "weekday", "mood", "activities"} <= set(sheet.header)


def _days(sheet: Sheet) -> Sheet:
    """Return one row for each day.

    A day has an attack if the activity "migraine" was chosen in any of its entries. A day with only other entries has
    no attack, since the person could have chosen the activity.
    """
    entries = list(zip(sheet.lines.tolist(), rows_of(sheet), strict=True))
    days: dict[str, dict[str, Cell]] = {}
    lines: dict[str, int] = {}
    fields_by_name: dict[str, str] = {}
    for line, row in entries:
        date = row["full_date"] or ""
        lines.setdefault(date, line)
        day = days.setdefault(date, {"date": date, ATTACK: "0"})
        for activity in re.split(r"\s*\|\s*", row["activities"] or ""):
            if field := flag_of(activity):
                day[field] = "1"
                fields_by_name[activity] = field
    fields = sorted({ATTACK, *fields_by_name.values()})
    rows = [{"date": day["date"], **{field: day.get(field, "0") for field in fields}} for day in days.values()]
    return sheet_of_rows(
        sheet.file,
        rows,
        lines=list(lines.values()),
        notes=(*sheet.notes, activities_note("Daylio", sheet, fields_by_name)),
    )


DAYLIO = Shape("daylio", "Daylio (CSV export): activities of a day.", _is_export, _days)
