"""How attacks follow from yesterday, with their true probabilities.

Time runs forward only: the probability of an attack is computed from what has happened up to the day before,
then the attack is drawn, then what it brings with it (`signs`, `outcomes`).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from migraine_assets.core.contract import ATTACK
from migraine_assets.sources.cohort.effects import AFTER_ATTACK_ODDS_RATIO, trigger_logit
from migraine_assets.sources.cohort.exposures import Grids
from migraine_assets.sources.cohort.outcomes import outcomes
from migraine_assets.sources.cohort.people import People
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.cohort.signs import signs, warning
from migraine_assets.sources.cohort.streams import Flags, Floats, stream

# Variance of the log odds within a person. The logistic curve is bent: a personal rate r needs an intercept
# lower by about half of (1 - 2r) times the variance. A test holds the rates that result.
WITHIN_VARIANCE = 0.2


@dataclass(frozen=True)
class Course:
    """What happened; all grids of shape (days, participants).

    `probability`: of an attack on the day, given the person's traits and everything up to the day before.
    `same_day`: the same, given also the day's own symptoms. `grids`: outcomes, symptoms, drugs by contract
    name.
    """

    probability: Floats
    same_day: Floats
    grids: Grids


def unfold(settings: SyntheticSettings, people: People, exposures: Grids, drifted: Flags) -> Course:
    """Attacks of everybody, day by day, and what they bring with them."""
    symptoms = signs(settings.seed, drifted.shape)
    warned = warning(symptoms)
    log_odds, attack = _run(settings, people, trigger_logit(exposures), warned, drifted)
    shown = {sign.symptom.name: sign.shown(attack) for sign in symptoms}
    evidence = sum(sign.evidence(shown[sign.symptom.name]) for sign in symptoms)
    return Course(
        probability=expit(log_odds),
        same_day=expit(log_odds + evidence),
        grids={name: flags.astype(np.float64) for name, flags in shown.items()}
        | outcomes(settings.seed, people, exposures, attack, warned),
    )


def _run(
    settings: SyntheticSettings, people: People, triggers: Floats, warned: Floats, drifted: Flags
) -> tuple[Floats, Flags]:
    """Log odds and attacks of every day, each from the day before."""
    scale = np.where(drifted, settings.effect_scale, 1.0)
    personal = logit(people.rate) - 0.5 * (1 - 2 * people.rate) * WITHIN_VARIANCE
    log_odds = scale * triggers + personal + math.log(settings.attack_odds) * drifted
    threshold = logit(stream(settings.seed, ATTACK).random(drifted.shape))
    after = math.log(AFTER_ATTACK_ODDS_RATIO)
    attack = np.empty(drifted.shape, dtype=np.bool_)
    attack[0] = threshold[0] < log_odds[0]
    for day in range(1, len(attack)):
        carried = np.where(attack[day - 1], after, warned[day - 1]) - after * people.rate
        log_odds[day] += scale[day] * carried
        attack[day] = threshold[day] < log_odds[day]
    return log_odds, attack
