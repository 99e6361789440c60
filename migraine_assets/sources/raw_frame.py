"""The raw frame of one file: a column for each contract field, the position of each row, and its unreadable cells.

Not here: the conversion of a column (`sources.columns.coercion`), the delivery as a whole (`sources.table`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, Contract, Field
from migraine_assets.sources.columns import coercion
from migraine_assets.sources.columns.cell_reader import Style
from migraine_assets.sources.columns.mapping import Column, SourceMapping
from migraine_assets.sources.files.delivery import ReadColumn
from migraine_assets.sources.part import Part
from migraine_assets.sources.read_columns import read_column


def part_frame(
    part: Part, mapping: SourceMapping | None, style: Style, contract: Contract
) -> tuple[pd.DataFrame, tuple[ReadColumn, ...]]:
    """Return the raw frame of `part` with one row for each line, and the record of each column that was read.

    A field without a column has the constant of `mapping`, or nulls. `unreadable` describes the unreadable cells that a
    row cannot do without (key and outcome), `nulled` those of other fields.
    """
    sheet, rows = part.sheet, len(part.sheet.lines)
    coerced = {column.field.name: coercion.coerce(column, cells, style)
               for (column, _), cells in zip(part.binding.columns, part.cells, strict=True)}  # fmt: skip
    constants = mapping.constants if mapping else {}
    columns = {field.name: coerced[field.name].values if field.name in coerced
               else _filled(field, constants.get(field.name, ""), rows) for field in contract.fields}  # fmt: skip
    columns["source_file"] = np.full(rows, sheet.file, object)
    columns["source_row"] = sheet.lines.astype(np.int64)
    needed = [part.problems for name, part in coerced.items() if contract.by_name[name].role == "key" or name == ATTACK]
    others = [
        part.problems for name, part in coerced.items() if contract.by_name[name].role != "key" and name != ATTACK
    ]
    columns["unreadable"] = _joined(rows, [sheet.problems, *needed], "; ")
    columns["nulled"] = _joined(rows, others, "\n")
    read_columns = tuple(
        read_column(column, cells, coerced[column.field.name], sheet.file)
        for (column, _), cells in zip(part.binding.columns, part.cells, strict=True)
    )
    return pd.DataFrame(columns, copy=False), read_columns


def _filled(field: Field, value: str, rows: int) -> NDArray[Any]:
    content = coercion.constant(Column(field, field.name), value)
    if field.kind in ("string", "category"):
        return np.full(rows, content, object)
    if field.kind == "date":
        day = np.datetime64("NaT") if content is None else np.datetime64(int(content), "D")
        return np.full(rows, day.astype("datetime64[ns]"))
    return np.full(rows, np.nan if content is None else content, np.float64)


def _joined(rows: int, problems: Sequence[Mapping[int, str]], separator: str) -> NDArray[Any]:
    sentences = np.full(rows, None, object)
    for by_row in problems:
        for row, text in by_row.items():
            sentences[row] = text if sentences[row] is None else f"{sentences[row]}{separator}{text}"
    return sentences
