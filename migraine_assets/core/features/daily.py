"""Quantities of a single day that combine several fields of that day: counts and indices.

Here belongs what needs no history; `core.features.windows` then treats each of these as one more column. Not here:
anything over several days. NumPy only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from migraine_assets.core import contract
from migraine_assets.core.features.diary import Floats
from migraine_assets.core.features.nan_math import at_most, count_known, count_of, total_known

# Gives the values of a contract field, float64[n] or the float of one day, NaN where not asked.
Lookup: TypeAlias = Callable[[str], Floats]

TRIGGERS: tuple[str, ...] = tuple(
    field.name
    for field in contract.FIELDS
    if field.role == "exposure" and field.kind == "flag" and not field.consequence
)
PREMONITORY: tuple[str, ...] = contract.names("premonitory")

RECOMMENDED_SLEEP = 8.0  # hours a night; the middle of the 7-9 h advised for adults
RECOMMENDED_FLUID = 2.0  # litres a day
MODERATE_CAFFEINE = 3.0  # servings; more than that on a day was followed by attacks (Mostofsky 2019)
MODERATE_ALCOHOL = 5.0  # servings; the dose whose effect shows in diaries (Mostofsky 2020)
MUCH_SCREEN = 12.0  # hours


@dataclass(frozen=True)
class Daily:
    """A quantity of one day: its name, the contract fields it reads, the function and a sentence."""

    name: str
    inputs: tuple[str, ...]
    function: Callable[[Lookup], Floats]
    description: str


def _present(value: Lookup, flags: Sequence[str]) -> tuple[Floats, Floats]:
    """How many of `flags` are 1, and how many were asked; NaN where none was."""
    flags_of_day = [value(flag) for flag in flags]
    asked = count_known(flags_of_day)
    return count_of(flags_of_day, 1.0) + 0.0 * asked, asked


def _trigger_count(value: Lookup) -> Floats:
    return _present(value, TRIGGERS)[0]


def _trigger_index(value: Lookup) -> Floats:
    present, asked = _present(value, TRIGGERS)
    return present / asked


def _premonitory_count(value: Lookup) -> Floats:
    return _present(value, PREMONITORY)[0]


def _sleep_index(value: Lookup) -> Floats:
    enough = at_most(value("sleep_hours") / RECOMMENDED_SLEEP, 1.0)
    return enough * value("sleep_quality") / 10.0


def _lifestyle_index(value: Lookup) -> Floats:
    """Mean of the scores that were asked: 0 is worst, 1 is best in each."""
    scores = (
        at_most(value("hydration") / RECOMMENDED_FLUID, 1.0),
        value("exercise") / 7.0,
        1.0 - at_most(value("screen_time") / MUCH_SCREEN, 1.0),
        1.0 - at_most(value("caffeine_intake") / MODERATE_CAFFEINE, 1.0),
        1.0 - at_most(value("alcohol_intake") / MODERATE_ALCOHOL, 1.0),
    )
    return total_known(scores) / count_known(scores)


DAILY: tuple[Daily, ...] = (
    Daily("trigger_count", TRIGGERS, _trigger_count, "Triggers met today among those asked."),
    Daily("trigger_index", TRIGGERS, _trigger_index, "Share of the asked triggers that were met today."),
    Daily("premonitory_count", PREMONITORY, _premonitory_count, "Premonitory signs today among those asked."),
    Daily(
        "sleep_index",
        ("sleep_hours", "sleep_quality"),
        _sleep_index,
        "Sleep of the night: quality/10 times the share of 8 hours that was slept (at most 1).",
    ),
    Daily(
        "lifestyle_index",
        ("hydration", "exercise", "screen_time", "caffeine_intake", "alcohol_intake"),
        _lifestyle_index,
        "Mean score (1 is best) of fluid, exercise, screen time, caffeine and alcohol, over those asked.",
    ),
)

BY_NAME: Mapping[str, Daily] = {quantity.name: quantity for quantity in DAILY}
