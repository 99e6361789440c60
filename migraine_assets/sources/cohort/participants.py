"""Participants of the cohort: their constant traits and their attack rates."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from migraine_assets.sources.cohort.rng import Flags, Floats, Ints, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

# Expected attack rate at quantiles of the cohort. Chance and habits add spread, so these rates are closer together than
# the simulated ones, which match the N1-Headache cohort: 5/25/50/75/95 % at .08/.15/.21/.28/.56. The first and the last
# point only close the curve.
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
class Participants:
    """The participants; all arrays have shape (participants,).

    `rate`: expected share of days with an attack; `joined`: first day of the diary, counted from the start of the
    cohort; `cycling`: has a menstrual cycle; `region`: index of the region in `Climate`.
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

    def select(self, start: int, stop: int) -> "Participants":
        """Return the participants from `start` up to, not including, `stop`."""
        return Participants(*(getattr(self, field.name)[start:stop] for field in fields(self)))


def recruit(settings: SyntheticSettings) -> Participants:
    """Draw the participants, in the order of their enrollment."""
    n, seed = settings.participants, settings.seed
    age, rate = _ages(seed, n), _rates(seed, n)
    female = stream(seed, "sex").random(n) < FEMALE_SHARE
    # About one in eight takes a preventive drug (AMPP), more often with frequent attacks.
    preventive = stream(seed, "preventive").random(n) < 0.03 + 0.4 * rate
    cycling = female & (age < MENOPAUSE_AGE) & (stream(seed, "cycling").random(n) < 0.85)
    return Participants(
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
    # The seed is part of the pseudonym, so that two cohorts can be combined.
    return np.array([f"S{seed}-{number:0{width}d}" for number in range(1, n + 1)], dtype=object)


def _ages(seed: int, n: int) -> Floats:
    drawn = AGE_MEAN + AGE_SD * ndtri(1 - stream(seed, "age").random(n))
    return np.clip(np.floor(drawn), *AGE_RANGE)


def _types(seed: int, n: int) -> NDArray[np.object_]:
    names = np.array([name for name, _ in MIGRAINE_TYPES], dtype=object)
    reached = np.cumsum([share for _, share in MIGRAINE_TYPES])[:-1]
    return np.asarray(names[np.searchsorted(reached, stream(seed, "type").random(n), side="right")])


def _rates(seed: int, n: int) -> Floats:
    """Draw rates, one from each n-quantile, so that even a small cohort has the tails of the distribution."""
    rng = stream(seed, "rate")
    quantile = (rng.permutation(n) + rng.random(n)) / n
    at, rate = np.array(RATE_QUANTILES).T
    return np.asarray(expit(np.interp(quantile, at, logit(rate))), dtype=np.float64)
