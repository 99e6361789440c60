"""Garmin: sleep and resting heart rate, from the CSV of Garmin Connect and the JSON files of an account archive.

Not here: other wearables (`sources.importers.formats.fitbit`, `sources.importers.formats.oura`).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import NoDiary, Reader, Shape
from migraine_assets.sources.importers.json_values import as_mapping, as_number, load_json, records_of
from migraine_assets.sources.importers.sheets import Cell, cell_text, rows_of
from migraine_assets.sources.importers.side_table import HEART_RATE, SCORE, SideTable, day_of, number_of, side_table
from migraine_assets.sources.importers.times import duration

_WHAT = "Garmin"
_STAGES = ("deepSleepSeconds", "lightSleepSeconds", "remSleepSeconds")
_TOTAL = "sleepTimeSeconds"
_RATES = ("restingHeartRate", "currentDayRestingHeartRate")
_MISSING = ("", "--", "-")


def _is_table(sheet: Sheet) -> bool:
    return {"Duration", "Bedtime", "Wake Time"} <= set(sheet.header)


def _read_table(sheet: Sheet) -> SideTable:
    """Read the table of nights. Its first column has the days, under a title such as `Sleep Score 4 Weeks`."""
    first = sheet.header[0]
    days: dict[dt.date, dict[str, Cell]] = {}
    undated = 0
    for line, row in zip(sheet.lines.tolist(), rows_of(sheet), strict=True):
        day = day_of(row[first] or "")
        if day is None:
            undated += 1
            continue
        slept = (row["Duration"] or "").strip()
        hours = None if slept in _MISSING else duration(slept, file=sheet.file, line=line).total_seconds() / 3600
        days[day] = {
            "sleep_hours": None if hours is None else cell_text(round(hours, 4)),
            SCORE: _known(row.get("Score")),
            HEART_RATE: _known(row.get("Resting Heart Rate")),
        }
    if not days:
        raise DataRefused(
            f"{sheet.file} is a table of Garmin Connect without a date in '{first}'. Export it with full dates, or "
            "read it with a mapping."
        )
    notes = (*sheet.notes, *_notes(sheet.file, "'Duration'"))
    if undated:
        notes = (*notes, f"{sheet.file}: {undated} rows have no date and were left out.")
    return side_table(sheet.file, days, _WHAT, notes=notes)


def _known(cell: Cell) -> Cell:
    return None if number_of(cell) is None else cell


def _is_document(content: bytes) -> bool:
    sample = content[: 1 << 16]
    if not sample.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{")) or b'"calendarDate"' not in sample:
        return False
    return any(f'"{key}"'.encode() in content for key in (*_STAGES, _TOTAL, *_RATES))


def _read_document(name: str, content: bytes, _: SourceLimits) -> SideTable:
    days: dict[dt.date, dict[str, Cell]] = {}
    for record in records_of(load_json(name, content, "Garmin export"), "dailySleepDTO"):
        values = as_mapping(record.get("dailySleepDTO")) or record
        stated = values.get("calendarDate")
        day = day_of(str(as_mapping(stated).get("date") or stated or ""))
        if day is not None:
            days.setdefault(day, {}).update(_cells(values))
    days = {day: cells for day, cells in days.items() if cells}
    if not days:
        raise NoDiary(f"{name} is an export of Garmin without any day. Export a period with data.")
    column = "the seconds of deep, light and REM sleep"
    slept = any("sleep_hours" in cells for cells in days.values())
    notes = _notes(name, column) if slept else (f"{name} is an export of Garmin: resting heart rates.",)
    return side_table(name, days, _WHAT, notes=notes)


def _cells(values: Mapping[str, Any]) -> dict[str, Cell]:
    stages = [seconds for key in _STAGES if (seconds := as_number(values.get(key))) is not None]
    # A night that the watch recorded only in part has no stages. Time awake is not counted as sleep.
    seconds = as_number(values.get(_TOTAL)) or (sum(stages) if stages else None)
    rate = next((rate for key in _RATES if (rate := as_number(values.get(key)))), None)
    score = as_number(as_mapping(values.get("sleepScores")).get("overallScore"))
    cells = {
        "sleep_hours": round(seconds / 3600, 4) if seconds else None,
        HEART_RATE: rate,
        SCORE: score,
    }
    return {name: cell_text(value) for name, value in cells.items() if value is not None}


def _notes(name: str, column: str) -> tuple[str, ...]:
    return (f"{name} is an export of Garmin: {column} became sleep_hours of the day on which the sleep ended.",)


GARMIN_TABLE = Shape("garmin", "Garmin Connect (CSV export): sleep.", _is_table, _read_table)
GARMIN_DOCUMENT = Reader(
    "garmin_json", "Garmin (`*_sleepData.json`, `UDSFile_*.json` of an account archive).", _is_document, _read_document
)
