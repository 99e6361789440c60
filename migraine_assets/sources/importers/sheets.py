"""Sheets in memory, which importers return.

Not here: recognizing a format (`sources.importers.registry`), the meaning of cells (`sources.columns`).
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from migraine_assets.sources.files.sheet import Sheet

Cell = str | None
Row = Mapping[str, Cell]


def text_sheet(
    file: str,
    header: Sequence[str],
    columns: Sequence[Sequence[Cell]],
    *,
    lines: Sequence[int] | None = None,
    notes: tuple[str, ...] = (),
) -> Sheet:
    """Return a sheet of text `columns`. `lines`: line of each row in the file; by default counted from 1."""
    arrays = [pa.array(column, pa.string()) for column in columns]
    rows = len(columns[0]) if columns else 0
    numbers = np.arange(1, rows + 1) if lines is None else np.asarray(lines)
    return Sheet(file, tuple(header), numbers.astype(np.int64), {}, lambda at: [arrays[i] for i in at], notes=notes)


def sheet_of_rows(
    file: str, rows: Sequence[Row], *, lines: Sequence[int] | None = None, notes: tuple[str, ...] = ()
) -> Sheet:
    """Return a sheet of `rows`, with a column for each key in the order of its first appearance."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    return text_sheet(file, header, [[row.get(name) for row in rows] for name in header], lines=lines, notes=notes)


def cell_text(value: Any) -> Cell:
    """Return a value of a JSON document or a workbook as text; None for an empty one.

    Whole numbers have no decimal point, dates are ISO 8601, and durations are `h:mm:ss`.
    """
    match value:
        case None | "":
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case int() | float():
            return repr(value)
        case dt.datetime():
            return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return json.dumps(value, ensure_ascii=False)


def texts(sheet: Sheet) -> list[list[Cell]]:
    """Return all columns of `sheet` as text."""
    loaded = sheet.load(range(len(sheet.header)))
    return [
        column.to_pylist() if pa.types.is_string(column.type) else [cell_text(value) for value in column.to_pylist()]
        for column in loaded
    ]


def rows_of(sheet: Sheet) -> Iterable[dict[str, Cell]]:
    """Yield each row of `sheet` as text by column name."""
    for cells in zip(*texts(sheet), strict=True):
        yield dict(zip(sheet.header, cells, strict=True))
