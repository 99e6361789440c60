"""Migraine Buddy: the CSV export, a list of attacks below a table of ongoing events.

Not here: other lists of attacks (`sources.importers.formats.attack_events`).
"""

import re
from collections.abc import Mapping

from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.encoding import utf8
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.importers.attacks import Attack, AttackList
from migraine_assets.sources.importers.importer import Reader
from migraine_assets.sources.importers.sheets import Cell, rows_of
from migraine_assets.sources.importers.times import day_order, duration, local_time

_HEADER = re.compile(rb'^"?#"?,"?Started"?,"?Lasted"?,.*$', re.MULTILINE)
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
    day_first, note = day_order(name, "Started", (row.get("Started") or "" for row in rows))
    attacks = [
        _attack(name, int(line) + above, row, day_first=day_first)
        for line, row in zip(sheet.lines, rows, strict=True)
        if row.get("Started")
    ]
    return AttackList(name, attacks, notes=note)


def _attack(name: str, line: int, row: Mapping[str, Cell], *, day_first: bool) -> Attack:
    start = local_time(row["Started"] or "", file=name, line=line, day_first=day_first)
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


MIGRAINE_BUDDY = Reader("migraine_buddy", "Migraine Buddy (CSV export): a list of attacks.", _is_export, _read)
