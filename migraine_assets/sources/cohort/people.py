"""Who is in the cohort: what stays the same about a participant, and how often each has an attack."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from migraine_assets.sources.cohort.rng import Flags, Floats, Ints, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

# The rate that each person tends to, at quantiles of the cohort. Chance and habits spread what a diary then
# shows, so these lie closer together than the attack-day rates of the N1-Headache cohort that they produce:
# 5/25/50/75/95 % at .08/.15/.21/.28/.56. The first and the last only close the curve.
RATE_QUANTILES = (
    (0.0, 0.05),
    (0.05, 0.1),
    (0.25, 0.165),
    (0.5, 0.215),
    (0.75, 0.26),
    (0.95, 0.545),
    (1.0, 0.72),
)

MIGRAINE_TYPES = (("no_aura", 0.65), ("aura", 0.20), ("mixed", 0.10), ("other", 0.05))
AGE_MEAN, AGE_SD, AGE_RANGE = 46.0, 14.0, (18, 85)
FEMALE_SHARE = 0.8
MENOPAUSE_AGE = 51
REGIONS = 12


@dataclass(frozen=True)
class People:
    """One entry per participant; all arrays have shape (participants,).

    `rate` is the share of days with an attack that the person tends to, `joined` the first day of the diary
    counted from the cohort's start, `cycling` whether the person menstruates, `region` whose weather they have.
    """

    name: NDArray[np.object_]
    age: Floats
    female: Flags
    migraine_type: NDArray[np.object_]
    preventive: Flags
    cycling: Flags
    rate: Floats
    joined: Ints
    region: Ints

    def some(self, start: int, stop: int) -> "People":
        """The participants from `start` up to `stop`."""
        return People(*(getattr(self, field.name)[start:stop] for field in fields(self)))


def recruit(settings: SyntheticSettings) -> People:
    """The participants, in the order in which they enrol."""
    n, seed = settings.participants, settings.seed
    age, rate = _ages(seed, n), _rates(seed, n)
    female = stream(seed, "sex").random(n) < FEMALE_SHARE
    # About one in eight takes a preventive drug (AMPP), more of those with frequent attacks.
    preventive = stream(seed, "preventive").random(n) < 0.03 + 0.4 * rate
    cycling = female & (age < MENOPAUSE_AGE) & (stream(seed, "cycling").random(n) < 0.85)
    return People(
        name=_names(seed, n),
        age=age,
        female=female,
        migraine_type=_types(seed, n),
        preventive=preventive,
        cycling=cycling,
        rate=rate,
        joined=np.sort(stream(seed, "joined").integers(0, settings.enrolment_days, n)),
        region=stream(seed, "region").integers(0, REGIONS, n),
    )


def _names(seed: int, n: int) -> NDArray[np.object_]:
    width = max(4, len(str(n)))
    # The seed is part of the pseudonym: two cohorts put together stay two.
    return np.array([f"S{seed}-{number:0{width}d}" for number in range(1, n + 1)], dtype=object)


def _ages(seed: int, n: int) -> Floats:
    drawn = AGE_MEAN + AGE_SD * ndtri(1 - stream(seed, "age").random(n))
    return np.clip(np.floor(drawn), *AGE_RANGE)


def _types(seed: int, n: int) -> NDArray[np.object_]:
    names = np.array([name for name, _ in MIGRAINE_TYPES], dtype=object)
    reached = np.cumsum([share for _, share in MIGRAINE_TYPES])[:-1]
    return np.asarray(names[np.searchsorted(reached, stream(seed, "type").random(n), side="right")])


def _rates(seed: int, n: int) -> Floats:
    """Personal rates, one from each n-th of the distribution, so that a small cohort has its tails too."""
    rng = stream(seed, "rate")
    quantile = (rng.permutation(n) + rng.random(n)) / n
    at, rate = np.array(RATE_QUANTILES).T
    return np.asarray(expit(np.interp(quantile, at, logit(rate))), dtype=np.float64)
