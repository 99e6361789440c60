"""Records of how each column was read, with examples, guessed units and notes.

Not here: the conversion of cells (`sources.columns.coercion`), the guesses (`sources.columns.plausibility`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.printable import one_line
from migraine_assets.sources.columns.coercion import Coerced
from migraine_assets.sources.columns.mapping import Column
from migraine_assets.sources.columns.plausibility import Reading, read_as
from migraine_assets.sources.files.delivery import ReadColumn

_EXAMPLES = 3
# About this many values are enough to show the distribution of a column.
_ENOUGH = 100_000
# Examples are taken from the first rows.
_SAMPLE = 300


def read_column(column: Column, cells: pa.Array, coerced: Coerced, file: str) -> ReadColumn:
    """Return the record of a column, with its first distinct cells and their values as examples."""
    sample = [_text(value) for value in cells.slice(0, _SAMPLE).to_pylist()]
    rows: dict[str, int] = {}
    for row, cell in enumerate(sample):
        if cell and len(rows) < _EXAMPLES:
            rows.setdefault(cell, row)
    examples = tuple((cell, row) for cell, row in rows.items())
    return ReadColumn(
        field=column.field.name,
        column=column.column,
        file=file,
        notes=(*_conversion(column), *coerced.notes),
        examples=tuple((one_line(cell)[:40], _value(coerced.values[row])) for cell, row in examples),
        stated=column.stated or column.scale != 1 or column.offset != 0 or bool(coerced.forms) or bool(column.recode),
    )


def settle_units(
    frame: pd.DataFrame,
    file: NDArray[np.int64],
    delivered: Sequence[tuple[ReadColumn, ...]],
    contract: Contract = CONTRACT,
) -> tuple[tuple[ReadColumn, ...], tuple[str, ...]]:
    """Guess units that are not stated from the distribution of their columns, and convert the columns in place.

    `file` is the index of each row's file, `delivered` the columns of each file. Returns all columns, one for each
    field, and the notes on the guesses. Raises `DataRefused` for a unit that cannot be decided.
    """
    notes: list[str] = []
    columns: dict[str, ReadColumn] = {}
    for name in dict.fromkeys(column.field for part in delivered for column in part):
        parts = [next((column for column in part if column.field == name), None) for part in delivered]
        open_parts = [index for index, column in enumerate(parts) if column is not None and not column.stated]
        first = next(column for column in parts if column is not None)
        columns[name] = first
        if contract.by_name[name].kind != "number" or not open_parts or _bounded_by_hand(contract.by_name[name]):
            continue
        rows = np.isin(file, open_parts) if len(delivered) > 1 else np.ones(len(frame), dtype=np.bool_)
        values = frame[name].to_numpy()
        unstated = next(column for column in parts if column is not None and not column.stated)
        reading = read_as(
            contract.by_name[name], unstated.column, values[rows][:: 1 + len(values) // _ENOUGH], unstated.file
        )
        if reading.note:
            notes.append(f"{unstated.file}: {reading.note}")
        if (reading.factor, reading.offset) != (1.0, 0.0):
            frame[name] = np.where(rows, values * reading.factor + reading.offset, values)
            examples = tuple((cell, _converted(value, reading)) for cell, value in first.examples)
            columns[name] = replace(
                first, examples=examples, notes=(*first.notes, reading.note or ""), unit=reading.unit
            )
    return tuple(columns.values()), tuple(notes)


def _bounded_by_hand(field: Field) -> bool:
    """Return whether parameters change the bounds of the field. Units are then not guessed."""
    default = CONTRACT.by_name.get(field.name)
    return default is not None and (field.low, field.high) != (default.low, default.high)


def reading_notes(columns: Iterable[ReadColumn]) -> tuple[str, ...]:
    """Return a sentence for each column with another name than its field, or with notes on its conversion.

    If several files have the same column, the sentence names the first file.
    """
    first: dict[tuple[str, str, tuple[str, ...]], ReadColumn] = {}
    for column in columns:
        if column.column != column.field or column.notes:
            first.setdefault((column.column, column.field, column.notes), column)
    return tuple(
        f"{column.file}: column '{column.column}' was read as {column.field}"
        f"{''.join(f', {note}' for note in column.notes)}."
        for column in first.values()
    )


def _conversion(column: Column) -> list[str]:
    notes = []
    if column.scale != 1 or column.offset != 0:
        shift = f" plus {column.offset:g}" if column.offset else ""
        notes.append(f"times {column.scale:g}{shift} to {column.field.unit}")
    if column.recode:
        notes.append(f"with {', '.join(f'{old} as {new}' for old, new in column.recode.items())}")
    return notes


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _value(value: Any) -> str:
    if value is None or value != value:
        return "null"
    if isinstance(value, np.datetime64):
        return "null" if np.isnat(value) else str(value.astype("datetime64[D]"))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _converted(value: str, reading: Reading) -> str:
    return value if value == "null" else f"{float(value) * reading.factor + reading.offset:.6g}"
