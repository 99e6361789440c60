"""Premonitory symptoms: their frequency with and without an attack, and how they predict attacks.

A symptom on a day without an attack adds log odds to the next day; on an attack day it belongs to that attack.
"""

import math
from dataclasses import dataclass

import numpy as np

from migraine_assets.sources.cohort.effects import PRODROMAL_SHARE, SYMPTOMS, Symptom
from migraine_assets.sources.cohort.rng import Flags, Floats, stream


@dataclass(frozen=True)
class Sign:
    """One symptom of all participants, drawn with and without an attack; grids of shape (days, participants).

    `quiet`, `during`: whether it is present if the day has no attack, and if it has one. `ordinary`: its probability on
    an ordinary day, shape (participants,). `prodrome`: prodromal days.
    """

    symptom: Symptom
    ordinary: Floats
    prodrome: Flags
    quiet: Flags
    during: Flags

    def shown(self, attack: Flags) -> Flags:
        """Return whether the symptom is present, given the attacks."""
        return np.where(attack, self.during, self.quiet)

    def evidence(self, shown: Flags) -> Floats:
        """Return the log likelihood ratio of a same-day attack, given whether the symptom is present."""
        missing, present = _log_ratio(self.ordinary, self.symptom.attack)
        prodromal = _log_ratio(np.maximum(self.ordinary, self.symptom.prodromal), self.symptom.attack)
        return np.where(self.prodrome, np.where(shown, *prodromal[::-1]), np.where(shown, present, missing))


def _log_ratio(quiet: Floats, attack: float) -> tuple[Floats, Floats]:
    """Return the log likelihood ratios of an attack for an absent and for a present symptom."""
    during = np.maximum(quiet, attack)
    return np.log((1 - during) / (1 - quiet)), np.log(during / quiet)


def simulate_signs(seed: int, shape: tuple[int, ...]) -> list[Sign]:
    """Draw all symptoms. They are correlated through prodromal days, which no other field predicts."""
    prodrome = stream(seed, "prodrome").random(shape) < PRODROMAL_SHARE
    return [_sign(seed, symptom, prodrome) for symptom in SYMPTOMS]


def _sign(seed: int, symptom: Symptom, prodrome: Flags) -> Sign:
    rng = stream(seed, symptom.name)
    # The frequency varies between participants, but never reaches 1.
    ordinary = symptom.ordinary * np.exp(0.5 * rng.standard_normal(prodrome.shape[1]) - 0.125)
    ordinary = np.clip(ordinary, 0.005, 0.5).astype(np.float32).astype(np.float64)
    # The same random number is used with and without an attack, so an attack never removes a symptom.
    chance = rng.random(prodrome.shape, dtype=np.float32)
    quiet = (chance < ordinary.astype(np.float32)) | (prodrome & (chance < np.float32(symptom.prodromal)))
    return Sign(symptom, ordinary, prodrome, quiet, quiet | (chance < np.float32(symptom.attack)))


def warning(signs: list[Sign]) -> Floats:
    """Return the centered log odds that the symptoms of a day without an attack add to the next day."""
    total = np.zeros(signs[0].quiet.shape)
    for sign in signs:
        if sign.symptom.odds_ratio != 1:
            total += math.log(sign.symptom.odds_ratio) * (sign.quiet - _usual(sign.symptom))
    return total


def _usual(symptom: Symptom) -> float:
    return (1 - PRODROMAL_SHARE) * symptom.ordinary + PRODROMAL_SHARE * symptom.prodromal
