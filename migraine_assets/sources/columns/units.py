"""Units named by a mapping or a header. Not here: the table of units (`core.diary.units`)."""

import re

from migraine_assets.core.contract import Field
from migraine_assets.core.diary.units import UNITS

_IN_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\(\[](?P<unit>[^\)\]]*)[\)\]]$")


def scale_of(field: Field, spelling: str) -> float | None:
    """Return the factor from the unit `spelling` to the unit of `field`; None for an unknown unit."""
    folded = spelling.strip().casefold()
    for unit in UNITS:
        if unit.target == field.unit and folded in (known.casefold() for known in unit.spellings):
            return unit.scale
    return None


def known_units(field: Field) -> tuple[str, ...]:
    """Return one spelling of every unit from which `field` can be converted."""
    return tuple(unit.spellings[0] for unit in UNITS if unit.target == field.unit)


def split_header(name: str) -> tuple[str, str | None]:
    """Split a header such as `Sleep hours (min)` into name and unit; the unit is None without brackets."""
    match = _IN_BRACKETS.match(name)
    return (match["name"], match["unit"]) if match else (name, None)
