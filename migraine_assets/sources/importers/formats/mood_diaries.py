"""Exports of mood and symptom diaries: Daylio (activities of a day) and Bearable (one row for each rating).

Not here: lists of attacks (`sources.importers.formats.attack_events`).
"""

import re
from collections.abc import Mapping

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of, sheet_of_rows

# Words in the names of activities and symptoms, and the flag that each sets.
ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("migraine", ATTACK),
    ("neck pain", "neck_pain"),
    ("medic", "medication"),
    ("exercise", "physical_activity"),
    ("sport", "physical_activity"),
    ("workout", "physical_activity"),
    ("fatigue", "fatigue"),
    ("yawn", "yawning"),
    ("period", "menstrual_cycle"),
)


def flag_of(activity: str) -> str | None:
    """Return the contract field that an activity sets, if any."""
    name = activity.strip().casefold()
    return next((field for word, field in ACTIVITIES if word in name), None)


def _is_daylio(sheet: Sheet) -> bool:
    return {"full_date", "weekday", "mood", "activities"} <= set(sheet.header)


def _daylio_days(sheet: Sheet) -> Sheet:
    """Return one row for each day.

    A day has an attack if the activity "migraine" was chosen in any of its entries. A day with other entries only has
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
        sheet.file, rows, lines=list(lines.values()), notes=(*sheet.notes, _note("Daylio", sheet, fields_by_name))
    )


def _is_bearable(sheet: Sheet) -> bool:
    return {"date formatted", "category", "rating/amount", "detail"} <= {name.casefold() for name in sheet.header}


def _bearable_days(sheet: Sheet) -> Sheet:
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
        notes=(*sheet.notes, _note("Bearable", sheet, fields_by_name)),
    )


def _number(cell: Cell) -> float | None:
    match = re.match(r"\s*-?\d+(?:\.\d+)?", cell or "")
    return float(match[0]) if match else None


def _note(app: str, sheet: Sheet, fields_by_name: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{activity}' as {field}" for activity, field in fields_by_name.items())
    read = f"read {pairs}" if pairs else "no activity was recognized"
    return f"{sheet.file} is an export of {app}: {read}. Days with only other entries had no attack."


DAYLIO = Shape("daylio", "Daylio (CSV export): activities of a day.", _is_daylio, _daylio_days)
BEARABLE = Shape("bearable", "Bearable (CSV export): one row for each rating.", _is_bearable, _bearable_days)
