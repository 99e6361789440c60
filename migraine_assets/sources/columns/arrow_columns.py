"""Whole columns converted by Arrow: numbers, days, durations and texts.

Not here: cells that must be parsed one by one (`sources.columns.coercion`).
"""

import math
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.cell_reader import Style
from migraine_assets.sources.columns.cells import decimal_marks
from migraine_assets.sources.columns.mapping import Column

_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)


def has_decimal_comma(column: Column, cells: pa.Array) -> bool:
    """Return whether the numbers of a text column have decimal commas."""
    if column.field.kind != "number" or not pa.types.is_string(cells.type):
        return False
    if not pc.any(pc.match_substring(cells, ",")).as_py():
        return False
    commas, points = decimal_marks(pc.unique(cells.drop_null()).to_pylist())
    return commas > 0 and points == 0


def is_plain(cells: pa.Array, column: Column, style: Style) -> bool:
    """Return whether every point in the cells is a decimal mark, so that Arrow reads the numbers correctly."""
    comma = (column.decimal or style.decimal) == "," or style.comma_file or (column.thousands or style.thousands) == "."
    return not (comma and pa.types.is_string(cells.type) and pc.any(pc.match_substring(cells, ".")).as_py())


def hours(cells: pa.Array) -> NDArray[np.float64]:
    """Convert durations to hours."""
    numbers = cells.cast(pa.duration("us"), safe=False).cast(pa.int64()).cast(pa.float64())
    microseconds: NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False)
    return microseconds / 3_600_000_000


def distinct_texts(cells: pa.Array, column: Column, style: Style) -> list[str]:
    """Return the distinct cells as text, without nulls."""
    return [] if pa.types.is_temporal(cells.type) else pc.unique(texts_of(cells, column, style).drop_null()).to_pylist()


def texts_of(cells: pa.Array, column: Column, style: Style) -> pa.Array:
    """Return the cells as text; whole numbers have no decimal point, so that the identifier 7.0 becomes 7.

    Raises `DataRefused` for a type that is neither a number nor text.
    """
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
        f"{style.file}: column '{column.column}' contains {cells.type} values, "
        "which are neither numbers nor text. Export it as a plain column."
    )


def as_numbers(cells: pa.Array) -> NDArray[np.float64] | None:
    """Convert all cells to numbers at once; None if a cell has to be parsed individually."""
    if pa.types.is_boolean(cells.type):
        cells = cells.cast(pa.int8())
    if pa.types.is_string(cells.type):
        cells = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    elif pa.types.is_decimal(cells.type):
        # Arrow's direct cast to float differs in the last bit, so convert the decimal digits.
        cells = cells.cast(pa.string())
    elif not any(is_kind(cells.type) for is_kind in _NUMERIC):
        return None
    try:
        numbers: NDArray[np.float64] = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return None if np.isinf(numbers).any() else numbers


def as_days(cells: pa.Array, timezone: str | None) -> NDArray[Any]:
    """Convert dates and timestamps to calendar days (datetime64[ns]), in `timezone` or else in the zone of the file."""
    # The participant's calendar day is that of local time, not of UTC.
    if pa.types.is_timestamp(cells.type) and cells.type.tz is not None:
        cells = cells.cast(pa.timestamp(cells.type.unit, timezone)) if timezone else cells
        cells = pc.local_timestamp(cells)
    days = cells.cast(pa.date32(), safe=False).cast(pa.int32()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return datetimes(days)


def datetimes(days: NDArray[np.float64]) -> NDArray[Any]:
    """Convert days since 1970-01-01 to datetime64[ns]; NaN becomes NaT."""
    known = np.isfinite(days)
    result = np.full(len(days), np.datetime64("NaT", "ns"))
    result[known] = days[known].astype(np.int64).astype("datetime64[D]").astype("datetime64[ns]")
    return result
