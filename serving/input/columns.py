"""Where each diary column lies in the service's array of days, and what becomes of values before features.

`core.diary.preprocess` does the same to data frames, which a replica does not load; a test holds the two together on
random days. Not here: what is refused (`cases`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.core.features.diary import COLUMNS, ENCODINGS
from serving.contract.requests import NUMERIC

Floats = NDArray[np.float64]

DURATION = "duration_h"

# The numbers in the order of a decoded entry, then the encoded categories.
ORDER: tuple[str, ...] = NUMERIC + tuple(encoding.column for encoding in ENCODINGS.values())
PLACE: dict[str, int] = {name: place for place, name in enumerate(ORDER)}
if set(ORDER) != set(COLUMNS):
    raise AssertionError("The array of days does not hold the columns of a diary.")

# The contract field that a column is shown as.
FIELD_OF: dict[str, str] = {name: name for name in NUMERIC} | {e.column: field for field, e in ENCODINGS.items()}

HOURS_OF_A_DAY = 24.0

# Lowest and highest value (the field's unit) that training lets through; beyond it stands the limit.
LIMITS: Mapping[str, tuple[float, float]] = {
    "sleep_hours": (-np.inf, 18),
    "screen_time": (-np.inf, 18),
    "hydration": (-np.inf, 6),
    "caffeine_intake": (-np.inf, 12),
    "alcohol_intake": (-np.inf, 12),
    "weather_pressure": (920, 1065),
    "temperature_change": (-25, 25),
    "air_quality": (-np.inf, 500),
}

_LIMITED = np.array([PLACE[name] for name in LIMITS])
_LOW, _HIGH = (np.array([[limits[end]] for limits in LIMITS.values()], dtype=np.float64) for end in (0, 1))
_SLEEP, _SCREEN, _QUALITY = PLACE["sleep_hours"], PLACE["screen_time"], PLACE["sleep_quality"]
_SEX, _PERIOD = PLACE["sex"], PLACE["menstrual_cycle"]
_ATTACK, _DESCRIBED = PLACE[ATTACK], [PLACE[SEVERITY], PLACE[DURATION]]
# The columns in which `clean` changes values, outcomes aside.
SETTLED: tuple[int, ...] = tuple(sorted({*_LIMITED.tolist(), _SLEEP, _SCREEN, _QUALITY, _PERIOD}))
_SETTLED = np.array(SETTLED)


def clean(days: Floats) -> Floats:
    """`days` float64[columns, n] with impossible values nulled and extremes at their limits, in a new array."""
    kept = days.copy()
    too_long = days[_SLEEP] + days[_SCREEN] > HOURS_OF_A_DAY
    kept[_SLEEP][too_long] = kept[_SCREEN][too_long] = np.nan
    rested = (kept[_SLEEP] == 0) & (days[_QUALITY] > 5)
    kept[_SLEEP][rested] = kept[_QUALITY][rested] = np.nan
    kept[_PERIOD][(days[_SEX] == 0) & (days[_PERIOD] == 1)] = np.nan
    quiet = days[_ATTACK] != 1
    for described in _DESCRIBED:
        kept[described][quiet] = np.nan
    kept[_LIMITED] = np.minimum(np.maximum(kept[_LIMITED], _LOW), _HIGH)
    return kept


def limited(before: Floats, after: Floats) -> NDArray[np.bool_]:
    """Where `clean` changed a value, outcomes of days without an attack aside: bool[len(SETTLED), n]."""
    came = before[_SETTLED]
    differs: NDArray[np.bool_] = (came != after[_SETTLED]) & (came == came)
    return differs


def changed(before: Floats, after: Floats) -> tuple[str, ...]:
    """The fields in which `clean` changed a value."""
    differs = limited(before, after).any(axis=1)
    return tuple(FIELD_OF[ORDER[SETTLED[place]]] for place in np.flatnonzero(differs)) if differs.any() else ()
