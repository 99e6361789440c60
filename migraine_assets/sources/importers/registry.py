"""Table of the importers, with two entry points: reading a file that is not a CSV table, and reshaping a table.

A new format is a module in `formats` and a line here. Not here: CSV and Parquet (`sources.files.reader`), published
data sets with a fixed header (`sources.known_formats`).
"""

from collections.abc import Collection
from typing import BinaryIO

from migraine_assets.sources.files.limits import SourceLimits, check_table
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import AttackList
from migraine_assets.sources.importers.formats.apple_health import APPLE_HEALTH
from migraine_assets.sources.importers.formats.attack_events import ATTACK_EVENTS
from migraine_assets.sources.importers.formats.bearable import BEARABLE
from migraine_assets.sources.importers.formats.daylio import DAYLIO
from migraine_assets.sources.importers.formats.fhir import FHIR
from migraine_assets.sources.importers.formats.fitbit import (
    FITBIT_CSV,
    FITBIT_HEART_RATE,
    FITBIT_SCORES,
    FITBIT_SLEEP,
)
from migraine_assets.sources.importers.formats.garmin import GARMIN_DOCUMENT, GARMIN_TABLE
from migraine_assets.sources.importers.formats.json_documents import JSON
from migraine_assets.sources.importers.formats.long_format import LONG
from migraine_assets.sources.importers.formats.migraine_buddy import MIGRAINE_BUDDY, MIGRAINE_BUDDY_ATTACKS
from migraine_assets.sources.importers.formats.migraine_log import MIGRAINE_LOG, MIGRAINE_LOG_PAGE
from migraine_assets.sources.importers.formats.open_meteo import OPEN_METEO_CSV, OPEN_METEO_DOCUMENT
from migraine_assets.sources.importers.formats.oura import OURA_DOCUMENT, OURA_TABLE
from migraine_assets.sources.importers.formats.qualtrics import QUALTRICS
from migraine_assets.sources.importers.formats.redcap import REDCAP
from migraine_assets.sources.importers.formats.relief_ahead import RELIEF_AHEAD
from migraine_assets.sources.importers.formats.workbook import WORKBOOK
from migraine_assets.sources.importers.importer import Reader, Shape
from migraine_assets.sources.importers.side_table import SideTable

# The first reader that recognizes a file reads it.
READERS: tuple[Reader, ...] = (
    WORKBOOK,
    APPLE_HEALTH,
    FHIR,
    FITBIT_SLEEP,
    FITBIT_HEART_RATE,
    OURA_DOCUMENT,
    GARMIN_DOCUMENT,
    OPEN_METEO_DOCUMENT,
    MIGRAINE_LOG_PAGE,
    JSON,
    MIGRAINE_BUDDY,
    FITBIT_CSV,
    OPEN_METEO_CSV,
)
SHAPES: tuple[Shape, ...] = (
    QUALTRICS,
    REDCAP,
    DAYLIO,
    BEARABLE,
    RELIEF_AHEAD,
    FITBIT_SCORES,
    OURA_TABLE,
    GARMIN_TABLE,
    LONG,
    MIGRAINE_LOG,
    MIGRAINE_BUDDY_ATTACKS,
    ATTACK_EVENTS,
)


def is_streamed(head: bytes) -> bool:
    """Return whether a file with these first bytes is read as a stream."""
    return _streaming(head) is not None


def read_stream(
    name: str, head: bytes, content: BinaryIO, limits: SourceLimits
) -> Sheet | AttackList | SideTable | None:
    """Return the content of a file in a format that is read as a stream; None for any other file."""
    reader = _streaming(head)
    return None if reader is None or reader.stream is None else reader.stream(name, content, limits)


def _streaming(head: bytes) -> Reader | None:
    return next((reader for reader in READERS if reader.stream and reader.recognizes(head)), None)


def read(name: str, content: bytes, limits: SourceLimits) -> Sheet | AttackList | SideTable | None:
    """Return the content of a file in one of the formats of `READERS`; None for any other file."""
    reader = next((reader for reader in READERS if reader.recognizes(content)), None)
    if reader is None:
        return None
    content_read = reader.read(name, content, limits)
    table = content_read.sheet if isinstance(content_read, SideTable) else content_read
    if isinstance(table, Sheet):
        check_table(name, rows=len(table.lines), columns=len(table.header), limits=limits)
    return content_read


def reshape(sheet: Sheet, *, mapped: Collection[str]) -> Sheet | AttackList | SideTable:
    """Return `sheet` with one row for each day, or its attacks, if its shape is known; else `sheet` itself.

    `mapped`: the columns that a mapping names, so that only shapes that keep them apply.
    """
    for shape in SHAPES:
        if (shape.keeps_columns or set(mapped) <= set(shape.keeps)) and shape.recognizes(sheet):
            return shape.reshape(sheet)
    return sheet


def shape_of(sheet: Sheet) -> Shape | None:
    """Return the shape that is applied to `sheet` without a mapping, if any."""
    return next((shape for shape in SHAPES if shape.recognizes(sheet)), None)
