"""Fitbit: sleep and resting heart rate, from the CSV export of the website and the JSON files of an account archive.

Not here: other wearables (`sources.importers.formats.oura`, `sources.importers.formats.garmin`).
"""

import datetime as dt
import re
from collections.abc import Iterator

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.encoding import utf8
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import NoDiary, Reader, Shape
from migraine_assets.sources.importers.json_values import as_mapping, as_number, load_json, records_of
from migraine_assets.sources.importers.sheets import Cell, cell_text, rows_of
from migraine_assets.sources.importers.side_table import (
    HEART_RATE,
    SCORE,
    SideTable,
    Sleep,
    day_of,
    number_of,
    several_note,
    side_table,
    sleep_rows,
)
from migraine_assets.sources.importers.times import is_day_first, local_time

_HEADER = re.compile(rb'^"?Start Time"?,"?End Time"?,"?Minutes Asleep"?.*$', re.MULTILINE)
_SAMPLE = 1 << 16
_WHAT = "Fitbit, sleep"


def _is_csv(content: bytes) -> bool:
    return _HEADER.search(content[: 1 << 22]) is not None


def _read_csv(name: str, content: bytes, limits: SourceLimits) -> SideTable:
    """Read the block of sleep periods. The export has a block with a title for each kind of data."""
    body, _ = utf8(name, content)
    match = _HEADER.search(body)
    start = match.start() if match else 0
    end = re.compile(rb"\r?\n[ \t]*\r?\n").search(body, start)
    sheet = csv_sheet(name, body[start : end.start() if end else len(body)], notes=(), limits=limits)
    above = body[:start].count(b"\n")
    lines = (sheet.lines + above).tolist()
    rows = [(line, row) for line, row in zip(lines, rows_of(sheet), strict=True) if row["End Time"]]
    times = [row[column] or "" for _, row in rows for column in ("Start Time", "End Time")]
    try:
        day_first = is_day_first(name, "End Time", times)
    except DataRefused as error:
        raise DataRefused(
            f"{name}: whether day or month comes first in 'End Time' is not clear. Export a period with a day after "
            "the 12th."
        ) from error

    def sleeps() -> Iterator[Sleep]:
        for line, row in rows:
            minutes = number_of(row["Minutes Asleep"])
            if minutes is not None:
                ended = local_time(row["End Time"] or "", file=name, line=line, day_first=day_first)
                yield Sleep(ended.date(), minutes / 60, str(row["Start Time"]))

    days, several = sleep_rows(sleeps())
    return _table(name, days, (*_note(name, "'Minutes Asleep'"), *several_note(name, several)))


def _is_sleep(content: bytes) -> bool:
    return b'"dateOfSleep"' in content[:_SAMPLE] and b'"minutesAsleep"' in content


def _read_sleep(name: str, content: bytes, _: SourceLimits) -> SideTable:
    records = records_of(load_json(name, content, "Fitbit export"), "sleep")
    sleeps = [
        Sleep(day, minutes / 60, str(record.get("logId", record.get("startTime"))))
        for record in records
        if (day := day_of(str(record.get("dateOfSleep", "")))) and (minutes := as_number(record.get("minutesAsleep")))
    ]
    days, several = sleep_rows(sleeps)
    return _table(name, days, (*_note(name, "'minutesAsleep'"), *several_note(name, several)))


def _is_heart_rate(content: bytes) -> bool:
    sample = content[:_SAMPLE]
    archive = b'"dateTime"' in sample and b'"error"' in sample and b'"value"' in sample
    return sample.lstrip().startswith((b"[", b"{")) and (archive or b'"activities-heart"' in sample)


def _read_heart_rate(name: str, content: bytes, _: SourceLimits) -> SideTable:
    days: dict[dt.date, dict[str, Cell]] = {}
    for record in records_of(load_json(name, content, "Fitbit export"), "activities-heart"):
        value = as_mapping(record.get("value"))
        rate = as_number(value.get("restingHeartRate", value.get("value")))
        # Days without a measurement have a rate of 0 in the archive.
        if rate and (day := _archive_day(str(record.get("dateTime", "")))):
            days[day] = {HEART_RATE: cell_text(round(rate, 2))}
    return _table(name, days, (f"{name} is an export of Fitbit: resting heart rates.",), "Fitbit, heart rate")


def _archive_day(text: str) -> dt.date | None:
    """Return the day of `01/31/24 00:00:00`, the form in archives of all countries, or of an ISO 8601 date."""
    match = re.match(r"(\d{2})/(\d{2})/(\d{2})\b", text)
    return day_of(f"20{match[3]}-{match[1]}-{match[2]}" if match else text)


def _is_scores(sheet: Sheet) -> bool:
    return {"sleep_log_entry_id", "timestamp", "overall_score"} <= set(sheet.header)


def _read_scores(sheet: Sheet) -> SideTable:
    days: dict[dt.date, dict[str, Cell]] = {}
    for row in rows_of(sheet):
        if day := day_of(row["timestamp"] or ""):
            days[day] = {SCORE: row["overall_score"], HEART_RATE: row.get("resting_heart_rate")}
    return _table(sheet.file, days, (f"{sheet.file} is an export of Fitbit: sleep scores.",), "Fitbit, sleep score")


def _table(name: str, days: dict[dt.date, dict[str, Cell]], notes: tuple[str, ...], what: str = _WHAT) -> SideTable:
    if not days:
        raise NoDiary(f"{name} is an export of Fitbit without any day. Export a period with data.")
    return side_table(name, days, what, notes=notes)


def _note(name: str, column: str) -> tuple[str, ...]:
    return (f"{name} is an export of Fitbit: {column} became sleep_hours of the day on which the sleep ended.",)


FITBIT_CSV = Reader("fitbit_csv", "Fitbit (CSV export): sleep.", _is_csv, _read_csv)
FITBIT_SLEEP = Reader("fitbit_sleep", "Fitbit (`sleep-*.json` of an account archive).", _is_sleep, _read_sleep)
FITBIT_HEART_RATE = Reader(
    "fitbit_heart_rate", "Fitbit (`resting_heart_rate-*.json` of an account archive).", _is_heart_rate, _read_heart_rate
)
FITBIT_SCORES = Shape("fitbit_scores", "Fitbit (`sleep_score.csv` of an account archive).", _is_scores, _read_scores)
