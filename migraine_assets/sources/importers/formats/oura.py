"""Oura: sleep and nightly heart rate, from the CSV files of the export and from the JSON of the API.

The names are those of Oura's documentation of API v2. Not here: other wearables (`sources.importers.formats.fitbit`,
`sources.importers.formats.garmin`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.diary.aliases import ALIASES, canonical
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Reader, Shape
from migraine_assets.sources.importers.json_values import load_json, records_of
from migraine_assets.sources.importers.sheets import Cell, cell_text, rows_of, sheet_of_rows
from migraine_assets.sources.importers.side_table import (
    HEART_RATE,
    SCORE,
    VARIABILITY,
    SideTable,
    Sleep,
    day_of,
    number_of,
    several_note,
    side_table,
    sleep_rows,
)

_WHAT = "Oura"
# Columns of exports and keys of the API: total sleep in seconds, the day, and measurements of the night.
_TOTALS = ("totalsleepduration", "total")
_DAYS = ("day", "date", "summarydate")
_MEASURED = {
    "lowestrestingheartrate": HEART_RATE, "lowestheartrate": HEART_RATE, "hrlowest": HEART_RATE,
    "averagehrv": VARIABILITY, "rmssd": VARIABILITY, "sleepscore": SCORE,
}  # fmt: skip
# Types of sleep that the user deleted, or that Oura does not count.
_NOT_COUNTED = ("deleted", "rest")


def _is_table(sheet: Sheet) -> bool:
    names = {canonical(name) for name in sheet.header}
    return _TOTALS[0] in names and bool({"day", "date"} & names)


def _read_table(sheet: Sheet) -> SideTable:
    """Read a table of sleep periods. Other columns are kept, because people add their attacks to the table."""
    records = list(rows_of(sheet))
    outcomes = {canonical(alias.name) for alias in ALIASES if alias.field == ATTACK} | {canonical(ATTACK)}
    if not any(canonical(name) in outcomes for name in sheet.header):
        return _table(sheet.file, records)
    total = next(name for name in sheet.header if canonical(name) == _TOTALS[0])
    day = next(name for name in sheet.header if canonical(name) in _DAYS)
    rows = [{_renamed(name, total, day): _hours(cell) if name == total else cell for name, cell in row.items()}
            for row in records]  # fmt: skip
    notes = (*sheet.notes, *_notes(sheet.file, total))
    return SideTable(sheet_of_rows(sheet.file, rows, lines=sheet.lines.tolist(), notes=notes), _WHAT)


def _renamed(name: str, total: str, day: str) -> str:
    return "sleep_hours" if name == total else "date" if name == day else _MEASURED.get(canonical(name), name)


def _hours(cell: Cell) -> Cell:
    seconds = number_of(cell)
    return cell if seconds is None else cell_text(round(seconds / 3600, 4))


def _is_document(content: bytes) -> bool:
    sample = content[: 1 << 16]
    if not sample.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return False
    return b'"total_sleep_duration"' in sample or (b'"summary_date"' in sample and b'"hr_lowest"' in sample)


def _read_document(name: str, content: bytes, _: SourceLimits) -> SideTable:
    records = records_of(load_json(name, content, "Oura export"), "data", "sleep")
    return _table(name, [{key: cell_text(value) for key, value in record.items()} for record in records])


def _table(name: str, records: Iterable[Mapping[str, Any]]) -> SideTable:
    sleeps: list[Sleep] = []
    measured: dict[dt.date, dict[str, Cell]] = {}
    longest: dict[dt.date, float] = {}
    column = "total_sleep_duration"
    for record in records:
        by_name = {canonical(key): value for key, value in record.items()}
        column = next((key for key in record if canonical(key) in _TOTALS), column)
        day = _day(by_name)
        if day is None or by_name.get("type") in _NOT_COUNTED:
            continue
        hours = next((seconds / 3600 for key in _TOTALS if (seconds := number_of(by_name.get(key)))), 0.0)
        if hours:
            sleeps.append(Sleep(day, hours, str(by_name.get("bedtimestart") or by_name.get("id") or day)))
        # The longest sleep of a day is the night.
        if hours >= longest.get(day, 0.0):
            longest[day] = hours
            known = {field: by_name[key] for key, field in _MEASURED.items() if by_name.get(key)}
            measured.setdefault(day, {}).update(known)
    rows, several = sleep_rows(sleeps)
    days = {day: {**rows.get(day, {}), **measured.get(day, {})} for day in {*rows, *measured}}
    return side_table(name, days, _WHAT, notes=(*_notes(name, column), *several_note(name, several)))


def _day(by_name: Mapping[str, Any]) -> dt.date | None:
    """Return the day on which the sleep ended. In old exports, `summary_date` is the day before."""
    if "summarydate" in by_name and by_name.get("bedtimeend"):
        return day_of(str(by_name["bedtimeend"]))
    return next((day_of(str(by_name[key])) for key in _DAYS if by_name.get(key)), None)


def _notes(name: str, column: str) -> tuple[str, ...]:
    return (f"{name} is an export of Oura: '{column}' (seconds) became sleep_hours of the day on which it ended.",)


OURA_TABLE = Shape("oura", "Oura (CSV export): sleep.", _is_table, _read_table)
OURA_DOCUMENT = Reader("oura_json", "Oura (JSON of the export or the API): sleep.", _is_document, _read_document)
