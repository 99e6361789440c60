"""Qualtrics: the CSV export of a survey, with three header rows.

Not here: the meaning of its columns, which a mapping states.
"""

from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import text_sheet, texts

_IMPORT_ID = '{"ImportId"'


def _is_export(sheet: Sheet) -> bool:
    if not {"StartDate", "ResponseId"} & set(sheet.header):
        return False
    first_column = sheet.load([0])[0].slice(0, 2).to_pylist()
    return any(_IMPORT_ID in (cell or "") for cell in first_column)


def _without_header_rows(sheet: Sheet) -> Sheet:
    """Drop the rows below the header that have question texts and import IDs."""
    columns = texts(sheet)
    first = next(row for row in range(len(columns[0])) if _IMPORT_ID in (columns[0][row] or "")) + 1
    notes = (*sheet.notes, f"{sheet.file}: an export of Qualtrics; the {first} rows below the header are not answers.")
    return text_sheet(
        sheet.file,
        sheet.header,
        [column[first:] for column in columns],
        lines=sheet.lines[first:].tolist(),
        notes=notes,
    )


QUALTRICS = Shape(
    "qualtrics", "Qualtrics (CSV with three header rows).", _is_export, _without_header_rows, keeps_columns=True
)
