"""Parsing of single cells: spellings of null, yes and no, and of numbers.

Not here: dates (`sources.columns.dates`), whole columns (`sources.columns.coercion`).
"""

import math
import re

# Cells that mean "not asked", in lower case. A recoding takes precedence.
NULLS: frozenset[str] = frozenset(
    {"", "na", "n/a", "#n/a", "null", "nan", "none", "nil", "-", "--", "—", ".", "?", "missing", "not asked"}
)

TRUE: frozenset[str] = frozenset({"yes", "y", "true", "t", "on"})
FALSE: frozenset[str] = frozenset({"no", "n", "false", "f", "off"})

_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+$")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+$")
_POINT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+$")


def flag(cell: str, *, decimal_comma: bool) -> float | None:
    """Parse a flag: 1 or 0 for yes or no, any number as it is, None for other text."""
    word = cell.casefold()
    if word in TRUE or word in FALSE:
        return float(word in TRUE)
    return number(cell, decimal_comma=decimal_comma)


def number(cell: str, *, decimal_comma: bool) -> float | None:
    """Parse a finite number; None if it is none.

    A comma is a decimal separator if the delimiter of the file is another, or if one or two digits follow it. `1,013`
    in a comma-separated file is ambiguous and remains unreadable.
    """
    if _COMMA_NUMBER.match(cell) and (decimal_comma or len(cell.rsplit(",", 1)[1]) < 3):
        cell = cell.replace(",", ".")
    elif _COMMA_THOUSANDS.match(cell):
        cell = cell.replace(",", "")
    elif _POINT_THOUSANDS.match(cell):
        cell = cell.replace(".", "").replace(",", ".")
    try:
        number = float(cell)
    except ValueError:
        return None
    # Python also accepts '1_000' and 'infinity', which are not meaningful in a diary.
    return number if math.isfinite(number) and "_" not in cell else None
