"""Units named by a mapping, a header or a cell, and the bounds of rating scales.

Not here: the table of units (`core.diary.units`), guesses of a unit (`sources.columns.plausibility`).
"""

import re

from migraine_assets.core.contract import Field
from migraine_assets.core.diary.units import UNITS

_IN_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\(\[](?P<unit>[^\)\]]*)[\)\]]$")
_SCALE = re.compile(r"^(?:scale\s*)?(-?\d+)\s*(?:-|–|to|\.\.|bis)\s*(\d+)$", re.IGNORECASE)

# Scales on which a person rates; 0-7 sessions are counted.
_RATINGS = ("1-10", "0-10")


def scale_of(field: Field, spelling: str) -> float | None:
    """Return the factor from the unit `spelling` to the unit of `field`; None for an unknown unit."""
    folded = spelling.strip().casefold()
    for unit in UNITS:
        if unit.target == field.unit and folded in (known.casefold() for known in unit.spellings):
            return unit.scale
    return None


def conversion(field: Field, spelling: str) -> tuple[float, float] | None:
    """Return factor and offset from `spelling` to the unit of `field`; None for an unknown unit.

    `spelling` is a unit or, for a rating, a scale such as `1-5`.
    """
    if is_rating(field) and field.low is not None and field.high is not None:
        match = _SCALE.match(spelling.strip())
        if match is None or int(match[1]) >= int(match[2]):
            return None
        low, high = int(match[1]), int(match[2])
        factor = (field.high - field.low) / (high - low)
        return factor, field.low - low * factor
    scale = scale_of(field, spelling)
    return None if scale is None else (scale, 0.0)


def is_rating(field: Field) -> bool:
    """Return whether `field` is a rating scale."""
    return field.unit in _RATINGS


def known_units(field: Field) -> tuple[str, ...]:
    """Return one spelling of every unit that can be converted to the unit of `field`."""
    if is_rating(field):
        return ("a scale such as 1-5 or 0-100",)
    return tuple(unit.spellings[0] for unit in UNITS if unit.target == field.unit)


def split_header(name: str) -> tuple[str, str | None]:
    """Split a header such as `Sleep hours (min)` into name and unit; the unit is None without brackets."""
    match = _IN_BRACKETS.match(name)
    return (match["name"], match["unit"]) if match else (name, None)
