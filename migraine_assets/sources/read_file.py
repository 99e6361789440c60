"""Reading of one file in any format: a table, a list of attacks or a side table.

Not here: the formats (`sources.importers.registry`, `sources.files.reader`), the meaning of columns (`sources.part`).
"""

from dataclasses import replace

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.mapping import SourceMapping
from migraine_assets.sources.files.delivery import SourceFile
from migraine_assets.sources.files.encoding import uncompressed
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.reader import read_sheet
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers import registry as importers
from migraine_assets.sources.importers.attacks import AttackList
from migraine_assets.sources.importers.formats.attack_events import attack_list
from migraine_assets.sources.importers.formats.workbook import WORKBOOK, read_workbook
from migraine_assets.sources.importers.importer import NoDiary
from migraine_assets.sources.importers.side_table import SideTable

# Documents that accompany an export, such as routes of workouts and clinical documents.
_XML = (b"<?xml", b"<gpx", b"<ClinicalDocument")


def read_file(file: SourceFile, mapping: SourceMapping | None, limits: SourceLimits) -> Sheet | AttackList | SideTable:
    """Read `file` by its content, or as a table of attacks if `mapping` names their columns.

    Raises `DataRefused` for a file that is damaged, is not a table or exceeds `limits`, and `ConfigurationError` for a
    sheet that it does not have.
    """
    content = read_raw(file, limits, mapping)
    if not isinstance(content, Sheet):
        return content
    content = replace(content, day_first=mapping.day_first if mapping else None)
    if mapping and mapping.events:
        return attack_list(content, mapping.events)
    return importers.reshape(content, mapped={column.column for column in mapping.columns} if mapping else ())


def read_raw(
    file: SourceFile, limits: SourceLimits, mapping: SourceMapping | None = None
) -> Sheet | AttackList | SideTable:
    """Read `file` like `read_file`, but return a table without reshaping it. Raises the errors of `read_file`."""
    head = file.head()
    if importers.is_streamed(head):
        with file.open() as stream:
            streamed = importers.read_stream(file.name, head, stream, limits)
        if streamed is not None:
            return streamed
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_XML):
        raise NoDiary(
            f"{file.name} is an XML document, but not an export of Apple Health. Export the diary as CSV or JSON."
        )
    file = replace(file, stored=uncompressed(file.name, file.content, limits=limits))  # unpacked once for all readers
    return _content(file, mapping, limits)


def _content(file: SourceFile, mapping: SourceMapping | None, limits: SourceLimits) -> Sheet | AttackList | SideTable:
    encoding, skip, sheet = (mapping.encoding, mapping.skip_rows, mapping.sheet) if mapping else (None, 0, None)
    if sheet is not None:
        if not WORKBOOK.recognizes(file.content):
            raise ConfigurationError(
                f"The mapping reads sheet '{sheet}', but {file.name} is not a workbook. Remove it."
            )
        return read_workbook(file.name, file.content, limits, title=sheet)
    content = importers.read(file.name, file.content, limits)
    if content is not None:
        return content
    return read_sheet(file, limits=limits, stated_encoding=encoding, skip_rows=skip)
