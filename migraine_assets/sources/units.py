"""Units that a mapping or a header may name, and how each becomes the contract's.

Here belongs one table. Not here: bounds (`core.contract`).
"""

import re
from dataclasses import dataclass

from migraine_assets.core.contract import Field


@dataclass(frozen=True)
class Unit:
    """`value in the contract's unit = value * scale`, for fields whose contract unit is `target`."""

    target: str
    scale: float
    spellings: tuple[str, ...]


# Pressures: NIST SP 811, appendix B.8 (conventional mmHg and inHg at 0 degrees). Temperatures here are
# differences.
UNITS: tuple[Unit, ...] = (
    Unit("h", 1.0, ("h", "hr", "hrs", "hour", "hours")),
    Unit("h", 1 / 60, ("min", "mins", "minute", "minutes")),
    Unit("h", 1 / 3600, ("s", "sec", "secs", "second", "seconds")),
    Unit("h", 24.0, ("d", "day", "days")),
    Unit("hPa", 1.0, ("hPa", "mbar", "millibar", "mb")),
    Unit("hPa", 1.333224, ("mmHg", "torr")),
    Unit("hPa", 33.86389, ("inHg",)),
    Unit("hPa", 10.0, ("kPa",)),
    Unit("hPa", 0.01, ("Pa",)),
    Unit("°C", 1.0, ("°C", "C", "celsius", "K", "kelvin")),
    Unit("°C", 5 / 9, ("°F", "F", "fahrenheit")),
    Unit("l", 1.0, ("l", "liter", "liters", "litre", "litres")),
    Unit("l", 0.01, ("cl",)),
    Unit("l", 0.001, ("ml",)),
    Unit("l", 0.0295735, ("fl oz", "fl_oz", "oz")),
    Unit("%", 1.0, ("%", "percent")),
    Unit("%", 100.0, ("fraction",)),
    Unit("years", 1.0, ("years", "year", "y", "yr", "yrs")),
    Unit("years", 1 / 12, ("months", "month")),
)

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
