"""Qualtrics: the CSV export of a survey, with two or three header rows.

Not here: the meaning of its columns, which a mapping states.
"""

from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import text_sheet, texts

_QUESTIONS = frozenset({"Start Date", "Response ID", "StartDate", "ResponseId"})
# Answers of the authors of a survey and of machines, as text or as codes of the column 'Status'.
_NO_ANSWERS = frozenset({"Survey Preview", "Survey Test", "Spam", "1", "2", "8"})
_IMPORT_ID = '{"ImportId"'


def _is_export(sheet: Sheet) -> bool:
    return bool({"StartDate", "ResponseId"} & set(sheet.header)) and _header_rows(sheet) > 0


def _header_rows(sheet: Sheet) -> int:
    """Return the number of rows below the header that are not answers: question texts, and in most exports import IDs.

    Exports without import IDs repeat the names of the first columns as questions.
    """
    names = [name for name in ("StartDate", "ResponseId") if name in sheet.header]
    columns = [sheet.load([sheet.header.index(name)])[0].slice(0, 2).to_pylist() for name in names]
    first = [str(cell or "") for cell in sheet.load([0])[0].slice(0, 2).to_pylist()]
    rows = 0
    for row, cell in enumerate(first):
        cells = {str(column[row] or "") for column in columns}
        if _IMPORT_ID in cell or any(_IMPORT_ID in other for other in cells) or cells <= _QUESTIONS:
            rows = row + 1
    return rows


def _without_header_rows(sheet: Sheet) -> Sheet:
    """Drop the rows below the header that have question texts and import IDs, and previews, tests and spam."""
    columns = texts(sheet)
    first = _header_rows(sheet)
    notes = (*sheet.notes, f"{sheet.file}: an export of Qualtrics; the {first} rows below the header are not answers.")
    status = columns[sheet.header.index("Status")] if "Status" in sheet.header else []
    dropped = {row for row, cell in enumerate(status) if row >= first and cell in _NO_ANSWERS}
    if dropped:
        notes = (*notes, f"{sheet.file}: {len(dropped)} previews, tests or spam by 'Status' were left out.")
    kept = [row for row in range(first, len(sheet.lines)) if row not in dropped]
    return text_sheet(
        sheet.file,
        sheet.header,
        [[column[row] for row in kept] for column in columns],
        lines=sheet.lines[kept].tolist(),
        notes=notes,
    )


QUALTRICS = Shape(
    "qualtrics", "Qualtrics (CSV with two or three header rows).", _is_export, _without_header_rows, keeps_columns=True
)
