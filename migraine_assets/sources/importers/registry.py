"""Table of the importers, with two entry points: reading a file that is not a CSV table, and reshaping a table.

A new format is a module in `formats` and a line here. Not here: CSV and Parquet (`sources.files.reader`), published
data sets with a fixed header (`sources.known_formats`).
"""

from migraine_assets.sources.files.limits import SourceLimits, check_table
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import AttackList
from migraine_assets.sources.importers.formats.apple_health import APPLE_HEALTH
from migraine_assets.sources.importers.formats.attack_events import ATTACK_EVENTS, MIGRAINE_LOG
from migraine_assets.sources.importers.formats.fhir import FHIR
from migraine_assets.sources.importers.formats.json_documents import JSON, PAGE
from migraine_assets.sources.importers.formats.long_format import LONG
from migraine_assets.sources.importers.formats.migraine_buddy import MIGRAINE_BUDDY
from migraine_assets.sources.importers.formats.mood_diaries import BEARABLE, DAYLIO
from migraine_assets.sources.importers.formats.surveys import QUALTRICS, REDCAP
from migraine_assets.sources.importers.formats.workbook import WORKBOOK
from migraine_assets.sources.importers.importer import Reader, Shape

# The first reader that recognizes a file reads it.
READERS: tuple[Reader, ...] = (WORKBOOK, APPLE_HEALTH, FHIR, PAGE, JSON, MIGRAINE_BUDDY)
SHAPES: tuple[Shape, ...] = (QUALTRICS, REDCAP, DAYLIO, BEARABLE, LONG, MIGRAINE_LOG, ATTACK_EVENTS)


def read(name: str, content: bytes, limits: SourceLimits) -> Sheet | AttackList | None:
    """Return the content of a file in one of the formats of `READERS`; None for any other file."""
    reader = next((reader for reader in READERS if reader.recognizes(content)), None)
    if reader is None:
        return None
    content_read = reader.read(name, content, limits)
    if isinstance(content_read, Sheet):
        check_table(name, rows=len(content_read.lines), columns=len(content_read.header), limits=limits)
    return content_read


def reshape(sheet: Sheet, *, mapped: bool) -> Sheet | AttackList:
    """Return `sheet` with one row for each day, or its attacks, if its shape is known; else `sheet` itself.

    `mapped`: whether a mapping names columns of the table; only shapes that keep the columns then apply.
    """
    for shape in SHAPES:
        if (shape.keeps_columns or not mapped) and shape.recognizes(sheet):
            return shape.reshape(sheet)
    return sheet
