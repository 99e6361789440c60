"""When each day of the grids is: weekday, and whether drift has set in."""

from dataclasses import dataclass

import numpy as np

from migraine_assets.sources.cohort.people import People
from migraine_assets.sources.cohort.rng import BURN_IN, Flags, Ints
from migraine_assets.sources.cohort.settings import SyntheticSettings


@dataclass(frozen=True)
class Calendar:
    """Grids of shape (days, participants); `day` counts from the first burn-in day of the cohort's start."""

    day: Ints
    weekend: Flags
    drifted: Flags


def calendar_of(settings: SyntheticSettings, people: People) -> Calendar:
    """The calendar of each person's days, from the burn-in to the day after the last entry."""
    day = np.arange(BURN_IN + settings.days + 1)[:, None] + people.joined
    since_start = day - BURN_IN
    return Calendar(
        day=day,
        weekend=(since_start + settings.start.weekday()) % 7 >= 5,  # Monday is 0
        drifted=since_start >= settings.drift_day,
    )
