"""Symptoms: how they show on a day with an attack and without, what they foretell, and what they give away.

A symptom on a day without an attack lends log odds to tomorrow's; on a day with one it belongs to that attack.
"""

import math
from dataclasses import dataclass

import numpy as np

from migraine_assets.sources.cohort.effects import PRODROMAL_SHARE, SYMPTOMS, Symptom
from migraine_assets.sources.cohort.rng import Flags, Floats, stream


@dataclass(frozen=True)
class Sign:
    """One symptom of everybody on every day, decided for either case; grids of shape (days, participants).

    `quiet` and `during`: whether it shows on a day without an attack, and on a day with one. `ordinary`: each
    person's probability of it on an ordinary day, shape (participants,); `prodrome`: the days that are none.
    """

    symptom: Symptom
    ordinary: Floats
    prodrome: Flags
    quiet: Flags
    during: Flags

    def shown(self, attack: Flags) -> Flags:
        """Whether it shows, given the attacks."""
        return np.where(attack, self.during, self.quiet)

    def evidence(self, shown: Flags) -> Floats:
        """The log likelihood ratio of an attack that it gives on its own day, shown or not."""
        missing, present = _log_ratio(self.ordinary, self.symptom.attack)
        prodromal = _log_ratio(np.maximum(self.ordinary, self.symptom.prodromal), self.symptom.attack)
        return np.where(self.prodrome, np.where(shown, *prodromal[::-1]), np.where(shown, present, missing))


def _log_ratio(quiet: Floats, attack: float) -> tuple[Floats, Floats]:
    """Log likelihood ratios of an attack for a symptom that does not show, and for one that does."""
    during = np.maximum(quiet, attack)
    return np.log((1 - during) / (1 - quiet)), np.log(during / quiet)


def signs(seed: int, shape: tuple[int, ...]) -> list[Sign]:
    """All symptoms. They come together on prodromal days, which nothing else foretells."""
    prodrome = stream(seed, "prodrome").random(shape) < PRODROMAL_SHARE
    return [_sign(seed, symptom, prodrome) for symptom in SYMPTOMS]


def _sign(seed: int, symptom: Symptom, prodrome: Flags) -> Sign:
    rng = stream(seed, symptom.name)
    # Some people are often tired; nobody always is.
    ordinary = symptom.ordinary * np.exp(0.5 * rng.standard_normal(prodrome.shape[1]) - 0.125)
    ordinary = np.clip(ordinary, 0.005, 0.5).astype(np.float32).astype(np.float64)
    # One number decides each case, so the more likely case includes the less likely.
    chance = rng.random(prodrome.shape, dtype=np.float32)
    quiet = (chance < ordinary.astype(np.float32)) | (prodrome & (chance < np.float32(symptom.prodromal)))
    return Sign(symptom, ordinary, prodrome, quiet, quiet | (chance < np.float32(symptom.attack)))


def warning(all_signs: list[Sign]) -> Floats:
    """What a day's symptoms add to tomorrow's log odds where the day has no attack, centred on the cohort."""
    total = np.zeros(all_signs[0].quiet.shape)
    for sign in all_signs:
        if sign.symptom.odds_ratio != 1:
            total += math.log(sign.symptom.odds_ratio) * (sign.quiet - _usual(sign.symptom))
    return total


def _usual(symptom: Symptom) -> float:
    return (1 - PRODROMAL_SHARE) * symptom.ordinary + PRODROMAL_SHARE * symptom.prodromal
