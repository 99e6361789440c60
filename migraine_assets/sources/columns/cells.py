"""Parsing of single cells: yes and no, numbers with their units, durations and ratings.

Not here: words (`sources.columns.words`), dates (`sources.columns.dates`), whole columns (`sources.columns.coercion`).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from migraine_assets.core.contract import Field
from migraine_assets.sources.columns.stated_units import is_rating, scale_of
from migraine_assets.sources.columns.words import FALSE, TRUE, folded

_SPACES = re.compile(r"(?<=\d)['\u2019 \u00a0\u2009\u202f](?=\d{3}(?!\d))")
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
_PARTS = re.compile(r"([+-]?[\d.,]*\d[.,]?(?:[eE][+-]?\d+)?)\s*(.*)$", re.DOTALL)
_GROUPED_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?$")
_GROUPED_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$")
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+)$")
_DECIMAL_POINT = re.compile(r"[+-]?(?:\d+\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+)$")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?$")
_HOURS = re.compile(
    r"(\d{1,3})\s*(?:h|hr|hrs|hour|hours|std|stunden?|heures?|horas?|ore|uur|timer?)\.?\s*"
    r"(?:(\d{1,2})\s*(?:m|min|mins|minutes?|minuten|minutos?|minuti)?\.?)?$",
    re.IGNORECASE,
)
_RATIO = re.compile(r"(\d+(?:[.,]\d+)?)\s*/\s*(\d+)$")


@dataclass(frozen=True)
class Notation:
    """The marks of the numbers of a column. `decimal`: "." or ","; None if cells differ, so each is read by itself."""

    decimal: str | None = "."
    thousands: str | None = None


def decimal_marks(cells: Iterable[str]) -> tuple[int, int]:
    """Return the number of cells that must have a decimal comma, and of those that must have a decimal point."""
    numbers = [_number_part(cell) for cell in cells]
    return (
        sum(_DECIMAL_COMMA.match(number) is not None for number in numbers),
        sum(_DECIMAL_POINT.match(number) is not None for number in numbers),
    )


def decide_notation(cells: Iterable[str], *, comma_file: bool) -> Notation:
    """Decide the notation of a whole column. `comma_file`: whether other columns of the file have decimal commas.

    If a column has only ambiguous numbers (`1.600`, `1,013`), `comma_file` decides.
    """
    commas, points = decimal_marks(cells)
    if commas and points:
        return Notation(None)
    if commas or (comma_file and not points):
        return Notation(",", ".")
    return Notation(".", "," if points else None)


def flag(cell: str, notation: Notation) -> float | None:
    """Parse a flag: 1 or 0 for a word that means yes or no, any number unchanged, None for other text."""
    word = folded(cell)
    if word in TRUE or word in FALSE:
        return float(word in TRUE)
    return number(cell, notation)


def number(cell: str, notation: Notation = Notation()) -> float | None:
    """Parse a finite number in `notation`; None if `cell` is not one."""
    plain = _SPACES.sub("", cell.translate(_SIGNS).strip())
    if "," in plain:
        plain = _without_commas(plain, notation)
    elif notation.decimal == "," and _GROUPED_POINT.match(plain):
        plain = plain.replace(".", "")
    try:
        value = float(plain)
    except ValueError:
        return None
    # Python also accepts '1_000' and 'infinity', which are not meaningful in a diary.
    return value if math.isfinite(value) and "_" not in plain else None


def quantity(cell: str, field: Field, notation: Notation) -> tuple[float, str] | None:
    """Parse a number with a unit (`6.3 h`, `73 %`), hours and minutes (`6:18`, `7h 12min`) or a rating (`3/10`).

    Returns the value in the unit of `field` and a description of the notation; None for any other cell.
    """
    text = cell.translate(_SIGNS).strip()
    if field.unit == "h" and (match := _CLOCK.match(text) or _HOURS.match(text)):
        hours, minutes, *seconds = match.groups(default="0")
        form = "h:mm" if ":" in text else "hours and minutes"
        return int(hours) + int(minutes) / 60 + (int(seconds[0]) / 3600 if seconds else 0.0), form
    if is_rating(field) and (match := _RATIO.match(text)):
        value = number(match[1], notation)
        top = field.high is not None and int(match[2]) == field.high
        return (value, f"of {match[2]}") if value is not None and top else None
    match = _PARTS.match(text)
    scale = scale_of(field, match[2]) if match and match[2] else None
    value = number(match[1], notation) if match and scale is not None else None
    return None if match is None or value is None or scale is None else (value * scale, f"in {match[2].strip()}")


def _without_commas(plain: str, notation: Notation) -> str:
    """Return a number with commas in Python's notation; "?" if it cannot be read."""
    if _DECIMAL_COMMA.match(plain) or (notation.decimal == "," and plain.count(",") == 1):
        return plain.replace(".", "").replace(",", ".") if plain.rfind(",") > plain.rfind(".") else "?"
    if _DECIMAL_POINT.match(plain) or (notation.thousands == "," and _GROUPED_COMMA.match(plain)):
        return plain.replace(",", "")
    return "?"


def _number_part(cell: str) -> str:
    plain = _SPACES.sub("", cell.translate(_SIGNS).strip())
    match = _PARTS.match(plain)
    return match[1] if match else plain
