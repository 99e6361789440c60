"""Migraine Log: the export, JSON or an HTML page that contains it, with one record for each headache.

Not here: other lists of attacks (`sources.importers.formats.attack_events`), other JSON
(`sources.importers.formats.json_documents`).
"""

import re

from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import Attack, AttackList
from migraine_assets.sources.importers.formats.json_documents import read_json
from migraine_assets.sources.importers.importer import Reader, Shape
from migraine_assets.sources.importers.sheets import rows_of
from migraine_assets.sources.importers.times import local_time

_SCRIPT = re.compile(rb"<script[^>]+application/json[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def _is_page(content: bytes) -> bool:
    return content[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")) and bool(_SCRIPT.search(content))


def _read_page(name: str, content: bytes, limits: SourceLimits) -> Sheet:
    match = _SCRIPT.search(content)
    return read_json(name, match[1] if match else b"", limits)


def _is_export(sheet: Sheet) -> bool:
    return {"date", "strength", "medsTaken"} <= set(sheet.header)


def _attacks(sheet: Sheet) -> AttackList:
    """Return the days with a strength that mentions migraine. Other headaches are not the outcome."""
    rows = list(zip(sheet.lines.tolist(), rows_of(sheet), strict=True))
    attacks = [
        Attack(
            start=local_time(row["date"] or "", file=sheet.file, line=line),
            line=line,
            fields={"medication": "0" if row["medsTaken"] in (None, "", "[]") else "1"},
        )
        for line, row in rows
        if "migraine" in (row["strength"] or "").casefold()
    ]
    others = len(rows) - len(attacks)
    notes = (f"{sheet.file}: {others} headaches that are not called a migraine were left out.",) if others else ()
    return AttackList(sheet.file, attacks, notes=notes)


MIGRAINE_LOG = Shape("migraine_log", "Migraine Log (HTML or JSON export): headaches by day.", _is_export, _attacks)
MIGRAINE_LOG_PAGE = Reader(
    "json_page", "An HTML page that contains its diary as JSON (Migraine Log).", _is_page, _read_page
)
