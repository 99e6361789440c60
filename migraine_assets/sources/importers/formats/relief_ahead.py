"""RELIEF-AHEAD: the records of the app, as JSON. Levels go from 0 to 5 in halves, durations are in minutes.

Not here: other JSON (`sources.importers.formats.json_documents`).
"""

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, cell_text, rows_of, sheet_of_rows
from migraine_assets.sources.importers.side_table import number_of

_LEVEL, _TIME = "migraine_level", "record_time"
_RENAMED = {"had_trigger_food": "specific_foods", "had_medication": "medication", "sleep_duration": "sleep_hours (min)"}


def _is_export(sheet: Sheet) -> bool:
    return {_LEVEL, _TIME, "stress_level"} <= set(sheet.header)


def _reshape(sheet: Sheet) -> Sheet:
    rows = []
    for row in rows_of(sheet):
        level = number_of(row[_LEVEL])
        rows.append(
            {
                _TIME: row[_TIME],
                **{_RENAMED.get(name, name): cell for name, cell in row.items() if name not in (_LEVEL, _TIME, "id")},
                "stress_level": _doubled(number_of(row["stress_level"])),
                ATTACK: None if level is None else str(int(level > 0)),
                SEVERITY: _doubled(level) if level else None,
            }
        )
    note = (
        f"{sheet.file} is an export of RELIEF-AHEAD: '{_LEVEL}' above 0 is an attack, and levels from 0 to 5 were "
        "doubled."
    )
    return sheet_of_rows(sheet.file, rows, lines=sheet.lines.tolist(), notes=(*sheet.notes, note))


def _doubled(level: float | None) -> Cell:
    return None if level is None else cell_text(2 * level)


RELIEF_AHEAD = Shape(
    "relief_ahead", "RELIEF-AHEAD (JSON): records with levels from 0 to 5.", _is_export, _reshape, keeps=(_TIME,)
)
