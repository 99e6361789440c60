"""Effects in the cohort, as simulated and as estimated by logistic regression, compared with the literature."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from migraine_assets.core.contract import ATTACK
from migraine_assets.sources.cohort.calendar import calendar_of
from migraine_assets.sources.cohort.climate import climate_of
from migraine_assets.sources.cohort.effects import TRIGGERS, Trigger
from migraine_assets.sources.cohort.exposures import Grids, simulate_exposures
from migraine_assets.sources.cohort.participants import recruit
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.synthetic import Cohort, generate
from migraine_assets_tests.unit.sources.cohort.cohorts import maximum_likelihood, tomorrow

COMPLETE = SyntheticSettings(participants=1500, days=180, missing_days=0, dropout=0, missing_values=0)
SYMPTOMS = ("yawning", "poor_concentration", "mood_change", "fatigue", "neck_pain")


def _structure(cohort: Cohort) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the predictors of the literature per diary day, computed independently, and the next-day outcome."""
    frame = cohort.frame
    ahead = frame["menstrual_cycle"].shift(-1)
    quiet = 1 - frame[ATTACK]
    columns = {
        "perimenstrual": ahead.fillna(0),
        "let_down": (frame.groupby("participant_id")["stress_level"].diff() <= -2) * 1.0,
        "stress_level": frame["stress_level"],
        "low_sleep_quality": (frame["sleep_quality"] <= 4) * 1.0,
        "sleep_hours": frame["sleep_hours"],
        "one_or_two_drinks": frame["alcohol_intake"].between(1, 2) * 1.0,
        "heavy_drinking": (frame["alcohol_intake"] >= 5) * 1.0,
        "one_or_two_coffees": frame["caffeine_intake"].between(1, 2) * 1.0,
        "high_caffeine": (frame["caffeine_intake"] >= 3) * 1.0,
        "missed_meals": frame["missed_meals"],
        "dehydration": frame["dehydration"],
        "pressure": frame["weather_pressure"] / (5 * 1.33322) - 150,
        "attack": frame[ATTACK],
        **{name: frame[name] * quiet for name in SYMPTOMS},
        "bright_light": frame["bright_light"] * quiet,
        "rate": pd.Series(logit(cohort.rate)),
        "bend": pd.Series(cohort.rate),
        "one": pd.Series(1.0, index=frame.index),
    }
    first = frame["participant_id"] != frame["participant_id"].shift()
    outcome = np.where(first, np.nan, tomorrow(frame))  # let-down is undefined on the first day
    return pd.DataFrame(columns), outcome


def _odds_ratios(cohort: Cohort) -> pd.DataFrame:
    structure, outcome = _structure(cohort)
    known = ~np.isnan(outcome)
    beta, error = maximum_likelihood(structure[known].to_numpy(), outcome[known])
    table = {"estimate": np.exp(beta), "low": np.exp(beta - 2.6 * error), "high": np.exp(beta + 2.6 * error)}
    return pd.DataFrame(table, index=structure.columns)


@pytest.fixture(scope="module")
def odds_ratios() -> pd.DataFrame:
    return _odds_ratios(generate(COMPLETE))


# Odds ratio for an attack on the next day (of the same day for the cycle): from, to.
LITERATURE = {
    "perimenstrual": (1.4, 1.7),
    "let_down": (1.5, 1.9),
    "stress_level": (0.97, 1.05),
    "low_sleep_quality": (1.3, 1.5),
    "sleep_hours": (0.95, 1.02),
    "one_or_two_drinks": (0.9, 1.1),
    "heavy_drinking": (1.7, 2.4),
    "one_or_two_coffees": (0.93, 1.07),
    "high_caffeine": (1.3, 1.5),
    "missed_meals": (1.2, 1.4),
    "dehydration": (1.12, 1.4),
    "pressure": (0.91, 0.97),
    "attack": (1.3, 2.5),
    **dict.fromkeys(SYMPTOMS, (1.15, 1.8)),
    "bright_light": (0.9, 1.1),
}


@pytest.mark.parametrize("name", LITERATURE)
def test_an_effect_agrees_with_the_literature(odds_ratios: pd.DataFrame, name: str) -> None:
    low, high = LITERATURE[name]
    assert low <= odds_ratios.loc[name, "estimate"] <= high


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.name)
def test_a_logistic_regression_recovers_the_simulated_effect(odds_ratios: pd.DataFrame, trigger: Trigger) -> None:
    estimates = odds_ratios.loc[trigger.name]
    assert estimates["low"] <= trigger.odds_ratio <= estimates["high"]
    assert estimates["high"] / estimates["low"] < 1.8


def test_without_effects_none_are_estimated() -> None:
    """Shows that the recovery test can fail: with all effects at 0, the intervals exclude every strong effect."""
    estimates = _odds_ratios(generate(dataclasses.replace(COMPLETE, effect_scale=0.0, drift_from=0.0)))
    for trigger in TRIGGERS:
        if trigger.odds_ratio >= 1.3:
            assert estimates.loc[trigger.name, "high"] < trigger.odds_ratio
    assert estimates.loc[list(SYMPTOMS), "estimate"].to_numpy() == pytest.approx(1, abs=0.12)


@pytest.fixture(scope="module")
def exposures() -> Grids:
    participants = recruit(COMPLETE)
    return simulate_exposures(COMPLETE, participants, calendar_of(COMPLETE, participants), climate_of(COMPLETE))


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.name)
def test_an_effect_is_centered(exposures: Grids, trigger: Trigger) -> None:
    """Centered effects change the timing of attacks, not their number."""
    shift = np.log(trigger.odds_ratio) * (trigger.measure(exposures).mean() - trigger.usual)
    assert abs(shift) < 0.01


def test_every_trigger_names_its_source() -> None:
    assert all(len(trigger.source) > 20 for trigger in TRIGGERS)
