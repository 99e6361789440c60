"""Units that a mapping or a header names.

Not here: the table of units (`core.diary.units`).
"""

import re

from migraine_assets.core.contract import Field
from migraine_assets.core.diary.units import UNITS

_IN_BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\(\[](?P<unit>[^\)\]]*)[\)\]]$")


def scale_of(field: Field, spelling: str) -> float | None:
    """The factor from the unit `spelling` to the contract's unit of `field`; None for an unknown unit."""
    wanted = spelling.strip().casefold()
    for unit in UNITS:
        if unit.target == field.unit and wanted in (known.casefold() for known in unit.spellings):
            return unit.scale
    return None


def known_units(field: Field) -> tuple[str, ...]:
    """One spelling of every unit from which `field` can be converted."""
    return tuple(unit.spellings[0] for unit in UNITS if unit.target == field.unit)


def split_header(name: str) -> tuple[str, str | None]:
    """`Sleep hours (min)` as its name and its unit; the unit is None where no brackets close the name."""
    match = _IN_BRACKETS.match(name)
    return (match["name"], match["unit"]) if match else (name, None)
