"""What an attack is like: severity, duration, drugs taken. Drawn after the attack, from streams of its own."""

import math

import numpy as np

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.cohort.effects import LOW_SLEEP_QUALITY
from migraine_assets.sources.cohort.exposures import Grids
from migraine_assets.sources.cohort.people import People
from migraine_assets.sources.cohort.streams import Flags, Floats, bounded, lagged, stream

# Intensity of migraine 5.7 +- 2.2 (of all headaches together 4.4 +- 2.2): Park 2016. An attack here is a
# migraine.
SEVERITY_MEAN, SEVERITY_BETWEEN, SEVERITY_WITHIN = 5.45, 1.1, 1.95
# A median of 6-9 h in diary studies.
DURATION_MEDIAN, DURATION_SPREAD = 7.5, 0.8


def outcomes(seed: int, people: People, exposures: Grids, attack: Flags, warned: Floats) -> Grids:
    """Outcomes and drugs by contract name; `warned` is the weight of each day's symptoms (log odds)."""
    severity = _severity(seed, _strain(exposures, attack, warned))
    return {
        "medication": _medication(seed, people, attack, severity).astype(np.float64),
        ATTACK: attack.astype(np.float64),
        SEVERITY: np.where(attack, severity, np.nan),
        "duration_h": np.where(attack, _duration(seed, severity), np.nan),
    }


def _strain(exposures: Grids, attack: Flags, warned: Floats) -> Floats:
    """Points that the cycle and the day before add to severity: few, as triggers explain little of it."""
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


def _medication(seed: int, people: People, attack: Flags, severity: Floats) -> Flags:
    """Acute drugs on most attack days, the more the worse; preventive ones nearly daily where taken."""
    rng = stream(seed, "medication")
    acute = rng.random(attack.shape) < np.where(attack, 0.3 + 0.07 * severity, 0.04)
    return acute | (people.preventive & (rng.random(attack.shape) < 0.92))
