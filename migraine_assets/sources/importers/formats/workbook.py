"""Excel and OpenDocument workbooks, read with calamine. Dates and numbers keep their stored values.

Not here: the process in which they are read (`sources.files.decoder`), other archives (`sources.importers.archive`).
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Sequence
from typing import Any

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.decoder import DECODER
from migraine_assets.sources.files.limits import MIB, SourceLimits, exceeded
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Reader
from migraine_assets.sources.importers.sheets import cell_text, text_sheet

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEARCHED_ROWS = 30


def _is_workbook(content: bytes) -> bool:
    if content.startswith(_OLD):
        return True
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return is_workbook(archive.namelist())
    except zipfile.BadZipFile:
        return False


def is_workbook(members: Collection[str]) -> bool:
    """Return whether an archive with these members is a workbook."""
    return not {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}.isdisjoint(members)


def read_workbook(name: str, content: bytes, limits: SourceLimits, *, title: str | None = None) -> Sheet:
    """Read the sheet `title`, by default the first with a table, in a worker process."""
    return DECODER.sheet("workbook", name, content, limits=limits, title=title)


def workbook_sheet(name: str, content: bytes, limits: SourceLimits, title: str | None = None) -> Sheet:
    """Read `content`. This runs in a worker process, because native code decodes the file.

    Raises `DataRefused` for a workbook that is damaged, exceeds `limits`, or has no table or no sheet `title`.
    """
    import python_calamine as calamine

    _refuse_bomb(name, content, limits)
    try:
        workbook = calamine.load_workbook(io.BytesIO(content))
        tables = {title: workbook.get_sheet_by_name(title).to_python(skip_empty_area=False)
                  for title in workbook.sheet_names}  # fmt: skip
    except calamine.CalamineError as error:
        raise _damaged(name, error) from error
    filled = {other: rows for other, rows in tables.items() if sum(any(map(_holds, row)) for row in rows) > 1}
    if title is not None and title not in tables:
        raise DataRefused(
            f"The mapping reads sheet '{title}', which {name} does not have. It has {', '.join(map(repr, tables))}."
        )
    if not filled or (title is not None and title not in filled):
        which = "a workbook without a table" if title is None else f"a workbook whose sheet '{title}' has no table"
        raise DataRefused(f"{name} is {which}. Provide a sheet with a header and at least one row.")
    chosen = title or next(iter(filled))
    others = [other for other in filled if other != chosen]
    # If the mapping names the sheet, it was not guessed.
    if others and title is None:
        named = ", ".join(map(repr, others))
        note = f"{name}: sheet '{chosen}' was read; {named} was not. State 'sheet' in a mapping for another."
        return _table(name, filled[chosen], (note,))
    return _table(name, filled[chosen], ())


def _refuse_bomb(name: str, content: bytes, limits: SourceLimits) -> None:
    """Unpack the parts of the workbook once. Raises `DataRefused` if they exceed `limits` in total."""
    if content.startswith(_OLD):
        return
    remaining = limits.expanded_mib * MIB
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                with archive.open(member) as part:
                    while chunk := part.read(min(1 << 20, remaining + 1)):
                        remaining -= len(chunk)
                        if remaining < 0:
                            raise exceeded(name, "unpacks to more", "expanded_mib", limits.expanded_mib)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> DataRefused:
    return DataRefused(f"{name} is a damaged or protected workbook ({error}). Save it again as .xlsx or CSV.")


def _table(name: str, rows: Sequence[Sequence[Any]], notes: tuple[str, ...]) -> Sheet:
    top = _header_row(rows)
    header = [" ".join((cell_text(cell) or "").split()) for cell in rows[top]]
    width = max((index for index, cell in enumerate(header, 1) if cell), default=0)
    body = [(number, row) for number, row in enumerate(rows[top + 1 :], top + 2) if any(map(_holds, row))]
    if top:
        notes = (*notes, f"{name}: the {top} lines above the header were skipped.")
    if not body:
        raise DataRefused(f"{name} has a header but no rows. Provide a sheet with at least one diary day.")
    columns = [[cell_text(row[index]) for _, row in body] for index in range(width)]
    return text_sheet(name, header[:width], columns, lines=[number for number, _ in body], notes=notes)


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    """Return the index of the first row that fills most of the columns; titles above the header fill fewer."""
    filled = [sum(map(_holds, row)) for row in rows[:_SEARCHED_ROWS]]
    return next(index for index, count in enumerate(filled) if count > 0.6 * max(filled))


def _holds(cell: Any) -> bool:
    return cell is not None and cell != ""


WORKBOOK = Reader(
    "workbook", "Excel (.xlsx, .xlsb, .xls) and OpenDocument (.ods) workbooks.", _is_workbook, read_workbook
)
