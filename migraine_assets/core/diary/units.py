"""Table of the units of sources, with the conversion of each to the unit of the contract.

Not here: bounds (`core.contract`), spellings in headers and mappings (`sources.columns.stated_units`), detection of a
changed unit (`core.quality.unit_change`) or of an unstated one (`sources.columns.plausibility`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A unit: a value times `scale` is the value in the contract's unit `target`."""

    target: str
    scale: float
    spellings: tuple[str, ...]


# Pressures: NIST SP 811, appendix B.8 (conventional mmHg and inHg at 0 degrees). Temperatures are differences.
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
    Unit("l", 0.25, ("glasses", "glass", "cups", "cup", "level")),
    Unit("%", 1.0, ("%", "percent")),
    Unit("%", 100.0, ("fraction",)),
    Unit("years", 1.0, ("years", "year", "y", "yr", "yrs")),
    Unit("years", 1 / 12, ("months", "month")),
)

# Plausible ranges of the median of many days, in the unit of the contract. If the median is outside, the column has
# another unit: a median of 5 l of fluid means 5 glasses. Single attacks can be longer than 72 h, but no median is above
# 200 h.
PLAUSIBLE_MEDIANS: dict[str, tuple[float, float]] = {
    "age": (12.0, 95.0),
    "sleep_hours": (3.0, 13.0),
    "hydration": (0.3, 4.0),
    "screen_time": (0.2, 16.0),
    "weather_pressure": (870.0, 1085.0),
    "humidity": (5.0, 100.0),
    "duration_h": (0.25, 200.0),
}

# At most one value in twenty may be larger. Levels from 0 to 7 have a median that is plausible in liters, but nobody
# drinks more than 6 l every tenth day.
PLAUSIBLE_TOPS: dict[str, float] = {"hydration": 6.0}
