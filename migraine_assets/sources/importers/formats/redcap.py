"""REDCap: the CSV export of a project with repeating instruments.

Not here: the meaning of its columns, which a mapping states.
"""

from collections.abc import Sequence

from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, text_sheet, texts

_EVENT, _INSTRUMENT, _INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
_FORM_STATUS = "_complete"


def _is_export(sheet: Sheet) -> bool:
    return _INSTRUMENT in sheet.header and len(sheet.header) > 1


def _without_baseline_rows(sheet: Sheet) -> Sheet:
    """Copy baseline values to the repeated rows of the same record, and drop the baseline rows.

    A baseline row is one that is not repeated; the first column identifies the record. REDCap's own columns are
    dropped.
    """
    columns = dict(zip(sheet.header, texts(sheet), strict=True))
    records, instruments = columns[sheet.header[0]], columns[_INSTRUMENT]
    repeated = [row for row, instrument in enumerate(instruments) if instrument]
    names = [
        name
        for name in sheet.header
        if name not in (_EVENT, _INSTRUMENT, _INSTANCE) and not name.endswith(_FORM_STATUS)
    ]
    filled = [_spread(columns[name], records, instruments, repeated) for name in names]
    dropped = len(records) - len(repeated)
    notes = (
        *sheet.notes,
        f"{sheet.file}: an export of REDCap; {dropped} baseline rows were spread over the days of their record.",
    )
    return text_sheet(sheet.file, names, filled, lines=sheet.lines[repeated].tolist(), notes=notes)


def _spread(
    column: Sequence[Cell], records: Sequence[Cell], instruments: Sequence[Cell], repeated: Sequence[int]
) -> list[Cell]:
    """Return the cells of the repeated rows; if all of them are empty, return the baseline values of their records."""
    if any(column[row] for row in repeated):
        return [column[row] for row in repeated]
    baseline = {record: cell for record, cell, instrument in zip(records, column, instruments, strict=True)
                if cell and not instrument}  # fmt: skip
    return [baseline.get(records[row]) for row in repeated]


REDCAP = Shape(
    "redcap",
    "REDCap (repeating instruments; baseline rows are spread over the days).",
    _is_export,
    _without_baseline_rows,
    keeps_columns=True,
)
