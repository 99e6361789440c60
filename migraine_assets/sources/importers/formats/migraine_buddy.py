"""Migraine Buddy: the CSV export, a list of attacks below a table of ongoing events.

The reader skips the table of ongoing events; the shape turns the list into attacks.

Not here: other lists of attacks (`sources.importers.formats.attack_events`).
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.encoding import utf8
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import Attack, AttackList
from migraine_assets.sources.importers.event_cells import EventCells
from migraine_assets.sources.importers.importer import Reader, Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of

_HEADER = re.compile(rb'^(?:\xef\xbb\xbf)?(?:"?#"?[,;])?"?Started"?[,;]"?Lasted"?[,;].*$', re.MULTILINE)
_DRUGS = ("Helpful Medication", "Somewhat Helpful Medication", "Unhelpful Medication", "Unsure Medication")


def _is_export(content: bytes) -> bool:
    return bool(_HEADER.search(content[: 1 << 16]))


def _read(name: str, content: bytes, limits: SourceLimits) -> Sheet:
    body, _ = utf8(name, content)
    match = _HEADER.search(body)
    start = match.start() if match else 0
    above = body[:start].count(b"\n")
    sheet = csv_sheet(name, body[start:], notes=(), limits=limits)
    return replace(sheet, lines=sheet.lines + above)


def _is_list(sheet: Sheet) -> bool:
    return {"Started", "Lasted"} <= set(sheet.header[:3])


def _attacks(sheet: Sheet) -> AttackList:
    rows = [(int(line), row) for line, row in zip(sheet.lines, rows_of(sheet), strict=True) if row["Started"]]
    starts = [row["Started"] or "" for _, row in rows]
    cells = EventCells(
        sheet.file,
        "Started",
        starts,
        [row["Lasted"] or "" for _, row in rows],
        minutes=False,
        day_first=sheet.day_first,
        severities=[row.get("Pain Level") or "" for _, row in rows],
    )
    attacks = [attack for line, row in rows if (attack := _attack(cells, line, row)) is not None]
    return AttackList(sheet.file, attacks, notes=cells.notes())


def _attack(cells: EventCells, line: int, row: Mapping[str, Cell]) -> Attack | None:
    start = cells.time(row["Started"], line, "start")
    if start is None:
        return None
    drugs = any(row.get(column) for column in _DRUGS)
    return Attack(
        start=start,
        end=cells.end(start, None, row.get("Lasted"), line),
        line=line,
        severity=cells.severity(row.get("Pain Level"), line),
        fields={"medication": "1" if drugs else "0"} if set(_DRUGS) <= set(row) else {},
    )


_DESCRIPTION = "Migraine Buddy (CSV export): a list of attacks."
MIGRAINE_BUDDY = Reader("migraine_buddy", _DESCRIPTION, _is_export, _read)
MIGRAINE_BUDDY_ATTACKS = Shape("migraine_buddy_attacks", _DESCRIPTION, _is_list, _attacks)
