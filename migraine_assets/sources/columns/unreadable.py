"""Refusal of a column with too many unreadable cells, with a mapping to fill in.

Not here: which cells are unreadable (`sources.columns.coercion`).
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.advice import mapping_line, recoding
from migraine_assets.sources.columns.cell_reader import CellReader
from migraine_assets.sources.columns.mapping import Column

# Descriptions of readable values in messages, by the kind of the field.
KIND_NAMES = {
    "number": "a number",
    "flag": "0 or 1, yes or no",
    "date": "a date",
    "category": "a known category",
    "string": "an identifier",
}

# Refuse a column if it has at least this many unreadable cells, and this share of its cells.
_MIN_UNREADABLE = 10
_MAX_UNREADABLE_SHARE = 0.10

# In messages on cells: a number whose comma is a thousands or a decimal mark.
_AMBIGUOUS = re.compile(r"='[+-]?[1-9]\d{0,2}(?:,\d{3})+' is ")

# A column of more distinct words than this is not a coding.
_MAX_WORDS = 8


def refuse_unreadable(
    column: Column, values: list[Any], indices: NDArray[Any], rows: int, bad: dict[int, str], read: CellReader
) -> None:
    """Raise `DataRefused` if too many cells of the column are unreadable.

    `values` holds the value of each distinct cell, `indices` the distinct cell of each row, `bad` the messages on
    unreadable distinct cells, and `rows` is the number of rows that have one.
    """
    unknown = _unknown_categories(column, values)
    lost = rows + int(np.isin(indices, list(unknown)).sum())
    # If other words are unreadable, "none" is one of these words and does not count as a readable 0.
    known = [index for index, value in enumerate(values) if value is not None and index not in unknown]
    words = [index for index in known if index not in read.nothing]
    readable = int(np.isin(indices, words).sum())
    if lost < _MIN_UNREADABLE or (readable and lost <= _MAX_UNREADABLE_SHARE * (lost + readable)):
        return
    # The message is kept in Dagster's event log: it quotes no cell.
    allowed = f" ({', '.join(column.field.categories)})" if column.field.categories else ""
    share = f"none of the {lost}" if not readable else f"{lost} of {lost + readable}"
    verb = "is" if not readable else "are not"
    advice = _marks_advice(column, bad) or _recoding_advice(column, len(bad) + len(unknown), values)
    raise DataRefused(
        f"{read.file}: {share} cells of column '{column.column}' {verb} {KIND_NAMES[column.field.kind]} for "
        f"{column.field.name}{allowed}. Describe its notation in a mapping (recode, unit, format, epoch, encoding), "
        f"or leave it out (ignore).{advice}"
    )


def _marks_advice(column: Column, bad: Mapping[int, str]) -> str:
    """Return advice to state the marks of numbers, if most unreadable cells are like 1,500, which has two readings."""
    ambiguous = sum(_AMBIGUOUS.search(message) is not None for message in bad.values())
    if column.field.kind != "number" or not 2 * ambiguous > len(bad):
        return ""
    line = mapping_line(column.field.name, column.column, thousands='","')
    decimal = line.replace("thousands", "decimal")
    return f" If its commas separate thousands, state it: {line} If they are decimal commas: {decimal}"


def _recoding_advice(column: Column, words: int, values: list[Any]) -> str:
    """Return a mapping to fill in, if the cells are a few words. Its placeholders are invalid values."""
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
