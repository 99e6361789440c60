"""What a participant's diary lacks: days without an entry, and fields that are never or rarely filled.

Not here: the checks of a delivery (`core.quality`).
"""

from dataclasses import dataclass

import numpy as np

from migraine_assets.core.contract import DURATION, SEVERITY, Contract
from migraine_assets.core.person.calendar import Calendar

# A field that is filled on a smaller share of its days is rarely filled.
RARELY = 0.5


@dataclass(frozen=True)
class Completeness:
    """The days with an entry among all, the longest run of days without one, and fields by how often they are filled.

    `never`: fields without any value. `rarely`: fields and the share of days on which they are filled. For severity and
    duration, these are the attack days.
    """

    days: int
    entered: int
    longest_gap: int
    never: tuple[str, ...]
    rarely: tuple[tuple[str, float], ...]


def completeness(calendar: Calendar, contract: Contract) -> Completeness:
    """Return what is missing in `calendar`, of the fields of `contract` that change from day to day."""
    never, rarely = [], []
    for field in contract.fields:
        if not field.numeric or field.role in ("key", "static"):
            continue
        asked = calendar.attack == 1 if field.name in (SEVERITY, DURATION) else calendar.entered
        if not asked.any():
            continue
        share = float(np.isfinite(calendar.values(field.column)[asked]).mean())
        if not share:
            never.append(field.name)
        elif share < RARELY:
            rarely.append((field.name, share))
    entries = np.flatnonzero(np.concatenate([[True], calendar.entered, [True]]))
    gap = int(np.diff(entries).max()) - 1
    return Completeness(len(calendar), int(calendar.entered.sum()), gap, tuple(never), tuple(rarely))
