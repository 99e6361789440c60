"""Conversion of cells to the types of the contract: numbers, flags, categories, dates and identifiers.

An unreadable cell becomes null with a message for its row; a column without any readable cell is refused. Not here:
bounds and categories (`core.diary.validation`). A column is converted as a whole if Arrow can (`_as_numbers`),
otherwise once per distinct cell.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.printable import one_line
from migraine_assets.sources.columns.advice import mapping_line, recoding
from migraine_assets.sources.columns.cell_reader import CellReader, Style
from migraine_assets.sources.columns.cells import Notation, decide_notation, decimal_marks
from migraine_assets.sources.columns.codes import settle_flags, sex_codes
from migraine_assets.sources.columns.mapping import Column, normal
from migraine_assets.sources.columns.words import NOTHING, NULLS

_KINDS = {"number": "a number", "flag": "0 or 1, yes or no", "date": "a date", "category": "a known category",
         "string": "an identifier"}  # fmt: skip

# Refuse a column if it has at least this many unreadable cells, and this share of its cells.
_MIN_UNREADABLE = 10
_MAX_UNREADABLE_SHARE = 0.10

# A column of more distinct words than this is not a coding.
_MAX_WORDS = 8

_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)


@dataclass(frozen=True)
class Coerced:
    """`values` (float64, datetime64[ns], or objects: str and None), messages on unreadable cells by row, and notes.

    `forms`: units that were found in the cells themselves, so that the column has a unit.
    """

    values: NDArray[Any]
    problems: dict[int, str]
    notes: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset()


def coerce(column: Column, cells: pa.Array, style: Style) -> Coerced:
    """Convert `cells` as `column` defines.

    Raises `DataRefused` for a column without any readable cell, and for one whose coding cannot be decided.
    """
    coerced = _coerce(column, cells, style)
    if column.field.kind == "flag":
        values, note = settle_flags(column, coerced.values, style.file)
        return replace(coerced, values=values, notes=coerced.notes + ((note,) if note else ()))
    return coerced


def _coerce(column: Column, cells: pa.Array, style: Style) -> Coerced:
    if column.field.kind in ("number", "flag") and not column.recode:
        if pa.types.is_duration(cells.type) and column.field.unit == "h":
            return _durations(cells)
        numbers = _as_numbers(cells) if _is_plain(cells, column, style) else None
        if numbers is not None:
            plain = column.scale == 1 and column.offset == 0
            return Coerced(numbers if plain else numbers * column.scale + column.offset, {})
    if column.field.kind == "date" and pa.types.is_temporal(cells.type) and not column.recode:
        return Coerced(_as_days(cells, style.dates.timezone), {})
    return _by_distinct(column, texts_of(cells, column, style), style)


def has_decimal_comma(column: Column, cells: pa.Array) -> bool:
    """Return whether the numbers of a text column have decimal commas."""
    if column.field.kind != "number" or not pa.types.is_string(cells.type):
        return False
    if not pc.any(pc.match_substring(cells, ",")).as_py():
        return False
    commas, points = decimal_marks(pc.unique(cells.drop_null()).to_pylist())
    return commas > 0 and points == 0


def _is_plain(cells: pa.Array, column: Column, style: Style) -> bool:
    """Whether Arrow reads the numbers as they are meant: a point is a decimal mark, or there is none."""
    comma = (column.decimal or style.decimal) == "," or style.comma_file or (column.thousands or style.thousands) == "."
    return not (comma and pa.types.is_string(cells.type) and pc.any(pc.match_substring(cells, ".")).as_py())


def _durations(cells: pa.Array) -> Coerced:
    seconds = cells.cast(pa.duration("us"), safe=False).cast(pa.int64()).cast(pa.float64())
    hours = seconds.to_numpy(zero_copy_only=False) / 3_600_000_000
    return Coerced(hours, {}, (), frozenset({"durations"}))


def constant(column: Column, value: str) -> Any:
    """Convert a value from a mapping (a recoded cell or a constant) for `column`; None for null."""
    if value.strip().casefold() in NULLS:
        return None
    result = CellReader(column, Style(""), Notation(), converts=False)(value.strip())
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


def _as_days(cells: pa.Array, timezone: str | None) -> NDArray[Any]:
    # Local time of the stated zone or of that in the file: the participant's calendar day, not the UTC day.
    if pa.types.is_timestamp(cells.type) and cells.type.tz is not None:
        cells = cells.cast(pa.timestamp(cells.type.unit, timezone)) if timezone else cells
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
                bad[index] = f"{column.field.name}='{_short(cell)}' is not {_KINDS[column.field.kind]}"
    if "" in column.recode:
        values[-1] = constant(column, column.recode[""])
    # A null cell points past the last text, where the value is null.
    indices = pc.fill_null(encoded.indices, len(texts)).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.isin(indices, list(bad))) if bad else np.empty(0, np.int64)
    _refuse_unreadable(column, values, indices, len(rows), bad, read)
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


def _refuse_unreadable(
    column: Column, values: list[Any], indices: NDArray[Any], rows: int, bad: dict[int, str], read: CellReader
) -> None:
    unknown = _unknown_categories(column, values)
    lost = rows + int(np.isin(indices, list(unknown)).sum())
    # "none" beside words that cannot be read is one of these words.
    known = [index for index, value in enumerate(values) if value is not None and index not in unknown]
    words = [index for index in known if index not in read.nothing]
    readable = int(np.isin(indices, words).sum())
    if lost < _MIN_UNREADABLE or (readable and lost <= _MAX_UNREADABLE_SHARE * (lost + readable)):
        return
    # The message is kept in Dagster's event log: it quotes no cell.
    allowed = f" ({', '.join(column.field.categories)})" if column.field.categories else ""
    share = f"none of the {lost}" if not readable else f"{lost} of {lost + readable}"
    verb = "is" if not readable else "are not"
    raise DataRefused(
        f"{read.file}: {share} cells of column '{column.column}' {verb} {_KINDS[column.field.kind]} for "
        f"{column.field.name}{allowed}. Describe its notation in a mapping (recode, unit, format, epoch, encoding), "
        f"or leave it out (ignore).{_recoding_advice(column, len(bad) + len(unknown), values)}"
    )


def _recoding_advice(column: Column, words: int, values: list[Any]) -> str:
    """The mapping to fill in, if the cells are a few words. Placeholders are refused until they are filled in."""
    if column.field.kind == "flag" and words > 2:
        if any(value == 0 for value in values):
            return f" If any other text means yes: {_line(column, {'*': 1})}"
        return f" If any text means yes and an empty cell no: {_line(column, {'': 0, '*': 1})}"
    if column.field.kind not in ("flag", "number", "category") or not 0 < words <= _MAX_WORDS:
        return ""
    place = {"flag": "<0 or 1>", "category": "<category>", "number": "<number>"}[column.field.kind]
    return f" State what its {words} words mean: {_line(column, {'<word>': place})}"


def _line(column: Column, cells: Mapping[str, object]) -> str:
    return mapping_line(column.field.name, column.column, recode=recoding(cells))


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


def _short(cell: str) -> str:
    cell = one_line(cell)
    return cell if len(cell) <= 40 else cell[:37] + "..."
