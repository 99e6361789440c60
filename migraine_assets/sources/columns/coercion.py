"""Conversion of cells to the types of the contract: numbers, flags, categories, dates and identifiers.

An unreadable cell becomes null with a message for its row; a column without any readable cell is refused. Not here:
bounds and categories (`core.diary.validation`). A column is converted as a whole if Arrow can (`_as_numbers`),
otherwise once per distinct cell.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from migraine_assets.core.diary.aliases import SPELLINGS
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns import cells as cell_parser
from migraine_assets.sources.columns import dates
from migraine_assets.sources.columns.cells import NULLS
from migraine_assets.sources.columns.mapping import Column, normal

_KINDS = {"number": "a number", "flag": "0 or 1, yes or no", "date": "a date", "category": "a known category",
         "string": "an identifier"}  # fmt: skip

# Refuse a column if it has at least this many cells and none is readable.
_MIN_UNREADABLE = 10

_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)

Read = Callable[[str], Any]


@dataclass(frozen=True)
class Style:
    """The notation of the cells of one file."""

    file: str
    decimal_comma: bool = False
    order: dates.Order | None = None


@dataclass(frozen=True)
class Coerced:
    """`values` (float64, datetime64[ns], or objects: str and None), and messages on unreadable cells by row."""

    values: NDArray[Any]
    problems: dict[int, str]


def coerce(column: Column, cells: pa.Array, style: Style) -> Coerced:
    """Convert `cells` as `column` defines. Raises `DataRefused` for a column without any readable cell."""
    if column.field.kind in ("number", "flag") and not column.recode:
        numbers = _as_numbers(cells)
        if numbers is not None:
            plain = column.scale == 1 and column.offset == 0
            return Coerced(numbers if plain else numbers * column.scale + column.offset, {})
    if column.field.kind == "date" and pa.types.is_temporal(cells.type) and not column.recode:
        return Coerced(_as_days(cells), {})
    return _by_distinct(column, texts_of(cells, column, style), style)


def constant(column: Column, value: str) -> Any:
    """Convert a value from a mapping (a recoded cell or a constant) for `column`; None for null."""
    if value.strip().casefold() in NULLS:
        return None
    result = _reader(column, Style(""), converts=False)(value.strip())
    if result is None or (column.field.categories and result not in column.field.categories):
        known = f" Valid are {', '.join(column.field.categories)}." if column.field.categories else ""
        raise ConfigurationError(
            f"The mapping gives {column.field.name} the value '{value}', "
            f"which is not {_KINDS[column.field.kind]}.{known}"
        )
    return result


def distinct_texts(cells: pa.Array, column: Column, style: Style) -> list[str]:
    """Return the distinct cells as text, without nulls."""
    return [] if pa.types.is_temporal(cells.type) else pc.unique(texts_of(cells, column, style).drop_null()).to_pylist()


def texts_of(cells: pa.Array, column: Column, style: Style) -> pa.Array:
    """Return the cells as text; whole numbers have no decimal point, so that the identifier 7.0 is 7."""
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        return cells
    if pa.types.is_floating(cells.type):
        distinct = cells.dictionary_encode()
        texts = [None if value is None or math.isnan(value) else f"{value:.15g}"
                   for value in distinct.dictionary.to_pylist()]  # fmt: skip
        return pa.array(texts, pa.string()).take(distinct.indices)
    # The text of a duration would be a bare count of its unit, for example nanoseconds.
    if not pa.types.is_duration(cells.type):
        with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return cells.cast(pa.string())
    raise DataRefused(
        f"{style.file}: column '{column.column}' holds {cells.type} values, "
        "which are neither numbers nor text. Export it as a plain column."
    )


def _as_numbers(cells: pa.Array) -> NDArray[np.float64] | None:
    """Convert all cells to numbers at once; None if a cell has to be parsed individually."""
    if pa.types.is_boolean(cells.type):
        cells = cells.cast(pa.int8())
    if pa.types.is_string(cells.type):
        cells = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    elif pa.types.is_decimal(cells.type):
        # Through its digits: Arrow's direct cast differs in the last bit.
        cells = cells.cast(pa.string())
    elif not any(is_kind(cells.type) for is_kind in _NUMERIC):
        return None
    try:
        numbers: NDArray[np.float64] = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return None if np.isinf(numbers).any() else numbers


def _as_days(cells: pa.Array) -> NDArray[Any]:
    # Local time of the zone in the file: the participant's calendar day, not the UTC day.
    if pa.types.is_timestamp(cells.type) and cells.type.tz is not None:
        cells = pc.local_timestamp(cells)
    days = cells.cast(pa.date32(), safe=False).cast(pa.int32()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return _datetimes(days)


def _datetimes(days: NDArray[np.float64]) -> NDArray[Any]:
    known = np.isfinite(days)
    result = np.full(len(days), np.datetime64("NaT", "ns"))
    result[known] = days[known].astype(np.int64).astype("datetime64[D]").astype("datetime64[ns]")
    return result


def _by_distinct(column: Column, cells: pa.Array, style: Style) -> Coerced:
    encoded = cells.dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    read = _reader(column, style, converts=True)
    values: list[Any] = [None] * (len(texts) + 1)
    bad: dict[int, str] = {}
    for index, text in enumerate(texts):
        cell = text.strip()
        if normal(cell) in column.recode:
            values[index] = constant(column, column.recode[normal(cell)])
        elif cell.casefold() not in NULLS:
            values[index] = read(cell)
            if values[index] is None:
                bad[index] = f"{column.field.name}='{_short(cell)}' is not {_KINDS[column.field.kind]}"
    # A null cell points past the last text, where the value is null.
    indices = pc.fill_null(encoded.indices, len(texts)).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.isin(indices, list(bad))) if bad else np.empty(0, np.int64)
    _refuse_unreadable(column, values, indices, rows, bad, style)
    return Coerced(_array(column, values)[indices], {int(row): bad[int(indices[row])] for row in rows})


def _refuse_unreadable(
    column: Column,
    values: list[Any],
    indices: NDArray[Any],
    rows: NDArray[Any],
    bad: dict[int, str],
    style: Style,
) -> None:
    unknown = _unknown_categories(column, values)
    if not bad and not unknown:
        return
    readable = any(value is not None for index, value in enumerate(values) if index not in unknown)
    cells = len(rows) + int(np.isin(indices, list(unknown)).sum())
    if readable or cells < _MIN_UNREADABLE:
        return
    # The message is kept in Dagster's event log: it quotes no cell.
    allowed = f" ({', '.join(column.field.categories)})" if column.field.categories else ""
    raise DataRefused(
        f"{style.file}: none of the {cells} cells of column '{column.column}' is {_KINDS[column.field.kind]} for "
        f"{column.field.name}{allowed}. Describe its notation in a mapping (recode, unit, format, epoch), "
        f"or leave it out."
    )


def _unknown_categories(column: Column, values: list[Any]) -> set[int]:
    if not column.field.categories:
        return set()
    known = column.field.categories
    return {index for index, value in enumerate(values) if value is not None and value not in known}


def _array(column: Column, values: list[Any]) -> NDArray[Any]:
    if column.field.kind in ("string", "category"):
        return np.array(values, dtype=object)
    numbers = np.array([np.nan if value is None else value for value in values], np.float64)
    return _datetimes(numbers) if column.field.kind == "date" else numbers


def _reader(column: Column, style: Style, *, converts: bool) -> Read:
    """Return a function that parses one cell, None if unreadable; `converts` applies scale and offset."""
    kind = column.field.kind
    if kind == "string":
        return str
    if kind == "category":
        spellings = SPELLINGS.get(column.field.name, {})
        return lambda cell: spellings.get(cell.casefold(), cell)
    if kind == "flag":
        return lambda cell: cell_parser.flag(cell, decimal_comma=style.decimal_comma)
    if kind == "date":
        return _date_reader(column, style)
    scale, offset = (column.scale, column.offset) if converts else (1.0, 0.0)

    def number(cell: str) -> float | None:
        value = cell_parser.number(cell, decimal_comma=style.decimal_comma)
        return None if value is None else value * scale + offset

    return number


def _date_reader(column: Column, style: Style) -> Read:
    form, epoch = column.format, column.epoch
    if form is not None:
        return lambda cell: dates.parse_with_format(cell, form)
    if epoch is not None:
        return lambda cell: dates.parse_day_index(cell, epoch)
    return lambda cell: dates.parse_date(cell, style.order)


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else cell[:37] + "..."
