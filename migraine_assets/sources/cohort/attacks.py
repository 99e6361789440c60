"""Attacks of the cohort: their true probabilities, and their severity, duration and medication.

Each day, the probability of an attack is computed from the days before; then the attack and its outcomes are drawn. Not
here: the size of effects (`effects`), symptoms (`premonitory`).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.cohort.effects import AFTER_ATTACK_ODDS_RATIO, LOW_SLEEP_QUALITY, trigger_logit
from migraine_assets.sources.cohort.exposures import Grids
from migraine_assets.sources.cohort.participants import Participants
from migraine_assets.sources.cohort.premonitory import simulate_signs, warning
from migraine_assets.sources.cohort.rng import Flags, Floats, bounded, lagged, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

# Intensity of migraine 5.7 +- 2.2 (of all headaches 4.4 +- 2.2): Park 2016. An attack here is a migraine.
SEVERITY_MEAN, SEVERITY_BETWEEN, SEVERITY_WITHIN = 5.45, 1.1, 1.95
# Diary studies report a median of 6-9 h.
DURATION_MEDIAN, DURATION_SPREAD = 7.5, 0.8


def outcomes(seed: int, participants: Participants, exposures: Grids, attack: Flags, warned: Floats) -> Grids:
    """Draw outcomes and medication, by contract name; `warned` is the log odds that each day's symptoms add."""
    severity = _severity(seed, _strain(exposures, attack, warned))
    return {
        "medication": _medication(seed, participants, attack, severity).astype(np.float64),
        ATTACK: attack.astype(np.float64),
        SEVERITY: np.where(attack, severity, np.nan),
        "duration_h": np.where(attack, _duration(seed, severity), np.nan),
    }


def _strain(exposures: Grids, attack: Flags, warned: Floats) -> Floats:
    """Return the points that the menstrual cycle and the previous day add to severity."""
    before = 0.3 * (exposures["sleep_quality"] <= LOW_SLEEP_QUALITY) + 0.4 * attack + 0.5 * warned * ~attack
    return 0.4 * exposures["menstrual_cycle"] + lagged(before)


def _severity(seed: int, strain: Floats) -> Floats:
    rng = stream(seed, SEVERITY)
    usual = SEVERITY_MEAN + SEVERITY_BETWEEN * rng.standard_normal(strain.shape[1])
    points = usual + strain + SEVERITY_WITHIN * rng.standard_normal(strain.shape)
    return bounded(SEVERITY, np.maximum(points, 1), per_unit=1)


def _duration(seed: int, severity: Floats) -> Floats:
    rng = stream(seed, "duration_h")
    log_hours = math.log(DURATION_MEDIAN) + 0.08 * (severity - 5.7)
    log_hours += DURATION_SPREAD * rng.standard_normal(severity.shape)
    return bounded("duration_h", np.maximum(np.exp(log_hours), 0.5), per_unit=2)


def _medication(seed: int, participants: Participants, attack: Flags, severity: Floats) -> Flags:
    """Draw medication: acute drugs on most attack days, more often with severity; preventive drugs nearly daily."""
    rng = stream(seed, "medication")
    acute = rng.random(attack.shape) < np.where(attack, 0.3 + 0.07 * severity, 0.04)
    return acute | (participants.preventive & (rng.random(attack.shape) < 0.92))


# Variance of the log odds within a participant. Since the logistic function is nonlinear, a rate r requires an
# intercept lower by about (1 - 2r) / 2 times the variance. A test checks the resulting rates.
WITHIN_VARIANCE = 0.2


@dataclass(frozen=True)
class Course:
    """The simulated course of the cohort; all grids have shape (days, participants).

    `probability`: the probability of an attack on the day, given the participant's traits and all earlier days.
    `same_day`: the same, given also the symptoms of that day. `grids`: outcomes, symptoms and medication by contract
    name.
    """

    probability: Floats
    same_day: Floats
    grids: Grids


def simulate_course(
    settings: SyntheticSettings, participants: Participants, exposures: Grids, drifted: Flags
) -> Course:
    """Simulate the attacks of all participants day by day, and their outcomes and symptoms."""
    symptoms = simulate_signs(settings.seed, drifted.shape)
    warned = warning(symptoms)
    log_odds, attack = _run(settings, participants, trigger_logit(exposures), warned, drifted)
    shown = {sign.symptom.name: sign.shown(attack) for sign in symptoms}
    evidence = sum(sign.evidence(shown[sign.symptom.name]) for sign in symptoms)
    return Course(
        probability=expit(log_odds),
        same_day=expit(log_odds + evidence),
        grids={name: flags.astype(np.float64) for name, flags in shown.items()}
        | outcomes(settings.seed, participants, exposures, attack, warned),
    )


def _run(
    settings: SyntheticSettings, participants: Participants, triggers: Floats, warned: Floats, drifted: Flags
) -> tuple[Floats, Flags]:
    """Return the log odds and attacks of every day, each computed from the previous day."""
    scale = np.where(drifted, settings.effect_scale, 1.0)
    personal = logit(participants.rate) - 0.5 * (1 - 2 * participants.rate) * WITHIN_VARIANCE
    log_odds = scale * triggers + personal + math.log(settings.attack_odds) * drifted
    threshold = logit(stream(settings.seed, ATTACK).random(drifted.shape))
    after = math.log(AFTER_ATTACK_ODDS_RATIO)
    attack = np.empty(drifted.shape, dtype=np.bool_)
    attack[0] = threshold[0] < log_odds[0]
    for day in range(1, len(attack)):
        carried = np.where(attack[day - 1], after, warned[day - 1]) - after * participants.rate
        log_odds[day] += scale[day] * carried
        attack[day] = threshold[day] < log_odds[day]
    return log_odds, attack
