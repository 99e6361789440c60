"""The units that sources use, and how each is converted to the unit of the contract: one table.

Not here: bounds (`core.contract`), spellings in headers and mappings (`sources.columns.units`), detection of a changed
unit (`core.quality.unit_change`).
"""

from dataclasses import dataclass


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
