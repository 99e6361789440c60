"""Exports of mood and symptom diaries: Daylio (activities of a day) and Bearable (one row for each rating).

Not here: lists of attacks (`sources.importers.formats.attack_events`).
"""

import re
from collections.abc import Mapping

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of, sheet_of_rows

# An activity or symptom, by words that its name contains, and the flag that it sets.
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
    """One row for each day. A day has an attack if one of its entries names one, and had none otherwise: whoever
    writes an entry and has an activity "migraine" would have chosen it.
    """
    entries = list(zip(sheet.lines.tolist(), rows_of(sheet), strict=True))
    days: dict[str, dict[str, Cell]] = {}
    lines: dict[str, int] = {}
    taken: dict[str, str] = {}
    for line, row in entries:
        date = row["full_date"] or ""
        lines.setdefault(date, line)
        day = days.setdefault(date, {"date": date, ATTACK: "0"})
        for activity in re.split(r"\s*\|\s*", row["activities"] or ""):
            if field := flag_of(activity):
                day[field] = "1"
                taken[activity] = field
    fields = sorted({ATTACK, *taken.values()})
    rows = [{"date": day["date"], **{field: day.get(field, "0") for field in fields}} for day in days.values()]
    return sheet_of_rows(
        sheet.file, rows, lines=list(lines.values()), notes=(*sheet.notes, _note("Daylio", sheet, taken))
    )


def _is_bearable(sheet: Sheet) -> bool:
    return {"date formatted", "category", "rating/amount", "detail"} <= {name.casefold() for name in sheet.header}


def _bearable_days(sheet: Sheet) -> Sheet:
    """One row for each day. A symptom that is rated 0, or a day with other ratings only, is a day without it."""
    by_name = {name.casefold(): name for name in sheet.header}
    date, detail, rating = (by_name[name] for name in ("date formatted", "detail", "rating/amount"))
    days: dict[str, dict[str, Cell]] = {}
    lines: dict[str, int] = {}
    taken: dict[str, str] = {}
    for line, row in zip(sheet.lines.tolist(), rows_of(sheet), strict=True):
        day = days.setdefault(row[date] or "", {"date": row[date], ATTACK: "0"})
        lines.setdefault(row[date] or "", line)
        field, amount = flag_of(row[detail] or ""), _number(row[rating])
        if field is None or amount == 0:
            continue
        taken[(row[detail] or "").strip()] = field
        day[field] = "1"
        if field == ATTACK and amount is not None and 0 <= amount <= 4:
            # Bearable rates symptoms from 0 to 4 (mild to unbearable).
            day[SEVERITY] = f"{max(amount * 2.5, float(day.get(SEVERITY) or 0)):g}"
    return sheet_of_rows(
        sheet.file,
        list(days.values()),
        lines=list(lines.values()),
        notes=(*sheet.notes, _note("Bearable", sheet, taken)),
    )


def _number(cell: Cell) -> float | None:
    match = re.match(r"\s*-?\d+(?:\.\d+)?", cell or "")
    return float(match[0]) if match else None


def _note(app: str, sheet: Sheet, taken: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{activity}' as {field}" for activity, field in taken.items())
    read = f"read {pairs}" if pairs else "no activity was recognized"
    return f"{sheet.file} is an export of {app}: {read}. Days with other entries only had no attack."


DAYLIO = Shape("daylio", "Daylio (CSV export): activities of a day.", _is_daylio, _daylio_days)
BEARABLE = Shape("bearable", "Bearable (CSV export): one row for each rating.", _is_bearable, _bearable_days)
