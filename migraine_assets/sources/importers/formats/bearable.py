"""Bearable: the CSV export, one row for each rating of a symptom, mood or factor.

Not here: the meaning of symptoms (`sources.importers.formats.activities`).
"""

import re

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.formats.activities import activities_note, flag_of
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of, sheet_of_rows


def _is_export(sheet: Sheet) -> bool:
    return {"date formatted", "category", "rating/amount", "detail"} <= {name.casefold() for name in sheet.header}


def _days(sheet: Sheet) -> Sheet:
    """Return one row for each day. A symptom is absent if it is rated 0 or if the day has only other ratings."""
    by_name = {name.casefold(): name for name in sheet.header}
    date, detail, rating = (by_name[name] for name in ("date formatted", "detail", "rating/amount"))
    days: dict[str, dict[str, Cell]] = {}
    lines: dict[str, int] = {}
    fields_by_name: dict[str, str] = {}
    for line, row in zip(sheet.lines.tolist(), rows_of(sheet), strict=True):
        day = days.setdefault(row[date] or "", {"date": row[date], ATTACK: "0"})
        lines.setdefault(row[date] or "", line)
        field, amount = flag_of(row[detail] or ""), _number(row[rating])
        if field is None or amount == 0:
            continue
        fields_by_name[(row[detail] or "").strip()] = field
        day[field] = "1"
        if field == ATTACK and amount is not None and 0 <= amount <= 4:
            # Bearable rates symptoms from 0 to 4 (mild to unbearable).
            day[SEVERITY] = f"{max(amount * 2.5, float(day.get(SEVERITY) or 0)):g}"
    return sheet_of_rows(
        sheet.file,
        list(days.values()),
        lines=list(lines.values()),
        notes=(*sheet.notes, activities_note("Bearable", sheet, fields_by_name)),
    )


def _number(cell: Cell) -> float | None:
    match = re.match(r"\s*-?\d+(?:\.\d+)?", cell or "")
    return float(match[0]) if match else None


BEARABLE = Shape("bearable", "Bearable (CSV export): one row for each rating.", _is_export, _days)
