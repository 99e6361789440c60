"""Migraine Buddy: the CSV export, a list of attacks below a table of ongoing events.

Not here: other lists of attacks (`sources.importers.formats.attack_events`).
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping

from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.encoding import utf8
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.importers.attacks import Attack, AttackList
from migraine_assets.sources.importers.importer import Reader
from migraine_assets.sources.importers.sheets import Cell, rows_of
from migraine_assets.sources.importers.times import duration, local_time

_HEADER = re.compile(rb'^"?#"?,"?Started"?,"?Lasted"?,.*$', re.MULTILINE)
_NUMERIC = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2,4})\s+(\d{1,2}:\d{2})(?:\s*([AP]M))?", re.IGNORECASE)
_DRUGS = ("Helpful Medication", "Somewhat Helpful Medication", "Unhelpful Medication", "Unsure Medication")


def _is_export(content: bytes) -> bool:
    return bool(_HEADER.search(content[: 1 << 16]))


def _read(name: str, content: bytes, limits: SourceLimits) -> AttackList:
    body, _ = utf8(name, content)
    match = _HEADER.search(body)
    start = match.start() if match else 0
    above = body[:start].count(b"\n")
    sheet = csv_sheet(name, body[start:], notes=(), limits=limits)
    rows = list(rows_of(sheet))
    day_first, note = _day_first(name, (row.get("Started") or "" for row in rows))
    attacks = [
        _attack(name, int(line) + above, row, day_first=day_first)
        for line, row in zip(sheet.lines, rows, strict=True)
        if row.get("Started")
    ]
    return AttackList(name, attacks, notes=note)


def _day_first(name: str, starts: Iterable[str]) -> tuple[bool, tuple[str, ...]]:
    """Return whether the day precedes the month, and a note if both are possible; the app is used worldwide."""
    pairs = [(int(match[1]), int(match[2])) for text in starts if (match := _NUMERIC.match(text))]
    if any(first > 12 for first, _ in pairs):
        return True, ()
    if not pairs or any(second > 12 for _, second in pairs):
        return False, ()
    return False, (f"{name}: whether day or month comes first in 'Started' is not clear; the month was read first.",)


def _attack(name: str, line: int, row: Mapping[str, Cell], *, day_first: bool) -> Attack:
    start = local_time(_iso(row["Started"] or "", day_first=day_first), file=name, line=line)
    lasted = row.get("Lasted")
    drugs = any(row.get(column) for column in _DRUGS)
    return Attack(
        start=start,
        end=start + duration(lasted, file=name, line=line) if lasted else None,
        line=line,
        severity=_level(row.get("Pain Level")),
        fields={"medication": "1" if drugs else "0"} if set(_DRUGS) <= set(row) else {},
    )


def _level(cell: Cell) -> float | None:
    try:
        level = float(cell or "")
    except ValueError:
        return None
    return level if 0 <= level <= 10 else None


def _iso(text: str, *, day_first: bool) -> str:
    match = _NUMERIC.fullmatch(text.strip())
    if not match:
        return text
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    day, month = (first, second) if day_first else (second, first)
    time = dt.datetime.strptime(f"{match[4]} {match[5]}", "%I:%M %p").strftime("%H:%M") if match[5] else match[4]
    return f"{year if year > 99 else 2000 + year:04d}-{month:02d}-{day:02d} {time:0>5}"


MIGRAINE_BUDDY = Reader("migraine_buddy", "Migraine Buddy (CSV export): a list of attacks.", _is_export, _read)
