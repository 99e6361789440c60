"""Conversion of cells to the types of the contract: numbers, flags, categories, dates and identifiers.

An unreadable cell becomes null with a message for its row. Arrow converts a column as a whole if it can; otherwise each
distinct cell is converted once. Not here: conversions by Arrow (`sources.columns.arrow_columns`), refusal of columns
with too many unreadable cells (`sources.columns.unreadable`), bounds and categories (`core.diary.validation`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from migraine_assets.errors import ConfigurationError
from migraine_assets.printable import one_line
from migraine_assets.sources.columns.arrow_columns import as_days, as_numbers, datetimes, hours, is_plain, texts_of
from migraine_assets.sources.columns.cell_reader import CellReader, Style
from migraine_assets.sources.columns.cells import Notation, decide_notation
from migraine_assets.sources.columns.codes import settle_flags, sex_codes
from migraine_assets.sources.columns.mapping import Column, normal
from migraine_assets.sources.columns.unreadable import KIND_NAMES, refuse_unreadable
from migraine_assets.sources.columns.words import NOTHING, NULLS


@dataclass(frozen=True)
class Coerced:
    """A converted column: `values` (float64, datetime64[ns], or str and None), with messages and notes.

    `problems`: messages on unreadable cells, by row. `forms`: notations of the cells that imply a unit; if there are
    any, the unit of the column is known.
    """

    values: NDArray[Any]
    problems: dict[int, str]
    notes: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset()


def coerce(column: Column, cells: pa.Array, style: Style) -> Coerced:
    """Convert `cells` as `column` defines.

    Raises `DataRefused` if too many cells are unreadable, or if their coding cannot be decided.
    """
    coerced = _coerce(column, cells, style)
    if column.field.kind == "flag":
        values, note = settle_flags(column, coerced.values, style.file)
        return replace(coerced, values=values, notes=coerced.notes + ((note,) if note else ()))
    return coerced


def _coerce(column: Column, cells: pa.Array, style: Style) -> Coerced:
    if column.field.kind in ("number", "flag") and not column.recode:
        if pa.types.is_duration(cells.type) and column.field.unit == "h":
            return Coerced(hours(cells), {}, (), frozenset({"durations"}))
        numbers = as_numbers(cells) if is_plain(cells, column, style) else None
        if numbers is not None:
            plain = column.scale == 1 and column.offset == 0
            return Coerced(numbers if plain else numbers * column.scale + column.offset, {})
    if column.field.kind == "date" and pa.types.is_temporal(cells.type) and not column.recode:
        return Coerced(as_days(cells, style.dates.timezone), {})
    return _by_distinct(column, texts_of(cells, column, style), style)


def constant(column: Column, value: str) -> Any:
    """Convert a value from a mapping (a recoded cell or a constant) for `column`; None for null.

    Raises `ConfigurationError` for a value that the field cannot have.
    """
    if value.strip().casefold() in NULLS:
        return None
    result = CellReader(column, Style(""), Notation(), converts=False)(value.strip())
    if result is None or (column.field.categories and result not in column.field.categories):
        known = f" Valid are {', '.join(column.field.categories)}." if column.field.categories else ""
        raise ConfigurationError(
            f"The mapping gives {column.field.name} the value '{value}', "
            f"which is not {KIND_NAMES[column.field.kind]}.{known}"
        )
    return result


def _by_distinct(column: Column, cells: pa.Array, style: Style) -> Coerced:
    encoded = cells.dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    codes, note = _codes(column, texts, style)
    notation = _notation(column, texts, style)
    read = CellReader(column, style, notation, converts=True)
    values: list[Any] = [None] * (len(texts) + 1)
    bad: dict[int, str] = {}
    for index, text in enumerate(texts):
        cell = unguarded(text.strip())
        key = normal(cell)
        if cell.casefold() in NOTHING:
            read.nothing.add(index)
        if key in column.recode:
            values[index] = constant(column, column.recode[key])
        elif key in codes:
            values[index] = codes[key] or None
        elif cell.casefold() in NULLS:
            continue
        else:
            values[index] = read(cell)
            if "*" in column.recode and not _is_usable(column, values[index]) and cell not in read.dashes:
                values[index] = constant(column, column.recode["*"])
            elif values[index] is None and cell not in read.dashes:
                bad[index] = f"{column.field.name}='{_short(cell)}' is not {KIND_NAMES[column.field.kind]}"
    if "" in column.recode:
        values[-1] = constant(column, column.recode[""])
    # The last element of `values` is the value of null cells.
    indices = pc.fill_null(encoded.indices, len(texts)).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.isin(indices, list(bad))) if bad else np.empty(0, np.int64)
    refuse_unreadable(column, values, indices, len(rows), bad, read)
    notes = (*((note,) if note else ()), *read.notes())
    problems = {int(row): bad[int(indices[row])] for row in rows}
    return Coerced(_array(column, values)[indices], problems, notes, frozenset(read.forms))


def _is_usable(column: Column, value: Any) -> bool:
    if column.field.kind == "flag":
        return value in (0, 1)
    return value is not None and (not column.field.categories or value in column.field.categories)


def unguarded(cell: str) -> str:
    """Return a cell without the guard that keeps Excel from converting it: `="001"`."""
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') and len(cell) > 2 else cell


def _codes(column: Column, texts: Sequence[str], style: Style) -> tuple[dict[str, str], str | None]:
    if column.field.name != "sex":
        return {}, None
    distinct = {normal(text) for text in texts} | style.sex
    return sex_codes(column, distinct - set(column.recode), style.file)


def _notation(column: Column, texts: Sequence[str], style: Style) -> Notation:
    decimal, thousands = column.decimal or style.decimal, column.thousands or style.thousands
    if decimal or thousands:
        other = {",": ".", ".": ","}
        return Notation(decimal or other.get(thousands or "", "."), thousands or other.get(decimal or ""))
    if column.field.kind not in ("number", "flag"):
        return Notation()
    return decide_notation(texts, comma_file=style.comma_file)


def _array(column: Column, values: list[Any]) -> NDArray[Any]:
    if column.field.kind in ("string", "category"):
        return np.array(values, dtype=object)
    numbers = np.array([np.nan if value is None else value for value in values], np.float64)
    return datetimes(numbers) if column.field.kind == "date" else numbers


def _short(cell: str) -> str:
    cell = one_line(cell)
    return cell if len(cell) <= 40 else cell[:37] + "..."
