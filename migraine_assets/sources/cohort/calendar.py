"""Calendar dates of the grid: weekends and the onset of drift."""

from dataclasses import dataclass

import numpy as np

from migraine_assets.sources.cohort.participants import Participants
from migraine_assets.sources.cohort.rng import BURN_IN, Flags, Ints
from migraine_assets.sources.cohort.settings import SyntheticSettings


@dataclass(frozen=True)
class Calendar:
    """Grids of shape (days, participants); `day` counts from the first burn-in day of the cohort."""

    day: Ints
    weekend: Flags
    drifted: Flags


def calendar_of(settings: SyntheticSettings, participants: Participants) -> Calendar:
    """Return the calendar of each participant, from the burn-in to the day after the last entry."""
    day = np.arange(BURN_IN + settings.days + 1)[:, None] + participants.joined
    since_start = day - BURN_IN
    return Calendar(
        day=day,
        weekend=(since_start + settings.start.weekday()) % 7 >= 5,  # Monday is 0
        drifted=since_start >= settings.drift_day,
    )
