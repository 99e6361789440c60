"""Table of effects on the odds of an attack: size, timing and published source, one line each.

Not here: how often an exposure occurs (`exposures`), how attacks are drawn (`attacks`). Values marked "assumed" have no
published odds ratio for the field and are kept modest.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from migraine_assets.sources.cohort.climate import USUAL_PRESSURE
from migraine_assets.sources.cohort.rng import Floats, lagged

Exposures = Mapping[str, Floats]

LET_DOWN_POINTS = 2
LOW_SLEEP_QUALITY = 4
HIGH_CAFFEINE = 3
HEAVY_DRINKING = 5
PRESSURE_STEP = 5 * 1.33322  # 5 mmHg in hPa


@dataclass(frozen=True)
class Trigger:
    """The effect of one exposure on the odds of an attack.

    `measure` turns the exposures into a grid that is multiplied by the log odds ratio. `usual` is the mean of that grid
    over the cohort; it is subtracted so that effects change the timing of attacks and not their number. `same_day`
    effects act on the same day, all others on the next day.
    """

    name: str
    odds_ratio: float
    usual: float
    measure: Callable[[Exposures], Floats]
    source: str
    same_day: bool = False


@dataclass(frozen=True)
class Symptom:
    """A flag that is more likely on the day of an attack, and that may precede an attack on the next day.

    `ordinary`, `prodromal`, `attack`: its probability on an ordinary day (which varies between participants), and its
    minimum on a prodromal day and on an attack day. `odds_ratio`: for an attack on the next day, if the day itself has
    none.
    """

    name: str
    ordinary: float
    prodromal: float
    attack: float
    odds_ratio: float = 1.0


def _flag(condition: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Floats:
    return condition.astype(np.float64)


TRIGGERS: tuple[Trigger, ...] = (
    Trigger(
        "perimenstrual",
        1.5,
        0.08,
        lambda x: x["menstrual_cycle"],
        "Days -2 to +3 of the cycle: 1.34 (1.23-1.45) in the N1-Headache cohort, up to 1.7 in clinic diaries.",
        same_day=True,
    ),
    Trigger(
        "let_down",
        1.7,
        0.16,
        lambda x: _flag(lagged(x["stress_level"]) - x["stress_level"] >= LET_DOWN_POINTS),
        "Decline in stress from one evening to the next: 1.5-1.9 (Lipton 2014). Here: by two points or more.",
    ),
    Trigger(
        "stress_level",
        1.02,
        4.5,
        lambda x: x["stress_level"],
        "The level of stress: not generally associated (Lipton 2014). Per point.",
    ),
    Trigger(
        "low_sleep_quality",
        1.4,
        0.14,
        lambda x: _flag(x["sleep_quality"] <= LOW_SLEEP_QUALITY),
        "Low diary-reported efficiency: 1.39 (1.06-1.81) on day +1 (Bertisch 2020). Here: a quality of at most 4.",
    ),
    Trigger(
        "sleep_hours",
        0.98,
        7.0,
        lambda x: x["sleep_hours"],
        "Sleep duration: not associated (Bertisch 2020). Per hour.",
    ),
    Trigger(
        "heavy_drinking",
        2.0,
        0.01,
        lambda x: _flag(x["alcohol_intake"] >= HEAVY_DRINKING),
        "Five drinks or more: 2.08 (1.16-3.73) on the next day; no effect of one or two (Mostofsky 2020).",
    ),
    Trigger(
        "high_caffeine",
        1.4,
        0.29,
        lambda x: _flag(x["caffeine_intake"] >= HIGH_CAFFEINE),
        "Three caffeinated drinks or more; no effect of one or two (Mostofsky 2019; the size is assumed).",
    ),
    Trigger("missed_meals", 1.3, 0.10, lambda x: x["missed_meals"], "Skipped meals (Park 2016; the size is assumed)."),
    Trigger("dehydration", 1.25, 0.07, lambda x: x["dehydration"], "Dehydration (Park 2016; the size is assumed)."),
    Trigger(
        "pressure",
        0.94,
        0.0,
        lambda x: (x["weather_pressure"] - USUAL_PRESSURE) / PRESSURE_STEP,
        "Barometric pressure: 0.939 (0.902-0.978) per 5 mmHg (Mukamal 2009, emergency department).",
    ),
)

# Fatigue in 72 %, poor concentration in 51 % and a stiff neck in 50 % of attacks with premonitory symptoms (Giffin
# 2003: participants selected for having them; 72 % of their entries with symptoms preceded an attack). In an
# unselected cohort they are rarer and less predictive; the odds ratios are chosen accordingly.
SYMPTOMS: tuple[Symptom, ...] = (
    Symptom("yawning", 0.03, 0.40, 0.08, 1.6),
    Symptom("poor_concentration", 0.05, 0.45, 0.16, 1.4),
    Symptom("mood_change", 0.06, 0.40, 0.15, 1.3),
    Symptom("fatigue", 0.10, 0.60, 0.25, 1.4),
    Symptom("neck_pain", 0.08, 0.45, 0.22, 1.5),
    # Photophobia, phonophobia and osmophobia: consequences of an attack, not causes of the next.
    Symptom("bright_light", 0.10, 0, 0.17),
    Symptom("loud_noises", 0.08, 0, 0.13),
    Symptom("strong_smells", 0.05, 0, 0.08),
)
PRODROMAL_SHARE = 0.08

# An attack may last into the next day; current headache is a predictor (Houle 2017).
AFTER_ATTACK_ODDS_RATIO = 1.6


def trigger_logit(exposures: Exposures) -> Floats:
    """Sum the centered trigger effects on the log odds of each day; shape (days, participants)."""
    before = sum(_effect(trigger, exposures) for trigger in TRIGGERS if not trigger.same_day)
    today = sum(_effect(trigger, exposures) for trigger in TRIGGERS if trigger.same_day)
    return lagged(np.asarray(before)) + today


def _effect(trigger: Trigger, exposures: Exposures) -> Floats:
    return math.log(trigger.odds_ratio) * (trigger.measure(exposures) - trigger.usual)
