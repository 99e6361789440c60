"""Drift options: each changes what it names from the drift day on, and nothing that does not depend on it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from migraine_assets.core.contract import ATTACK, names
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.synthetic import Cohort, generate

PLAIN = SyntheticSettings(participants=300, days=120, seed=3)
# Fields that depend on an attack on the same day; all others are drawn before.
REACTIONS = {
    "medication", "yawning", "poor_concentration", "mood_change", "fatigue", "neck_pain",
    "bright_light", "loud_noises", "strong_smells", ATTACK, "migraine_severity", "duration_h",
}  # fmt: skip
BEFOREHAND = [name for name in names("key", "static", "exposure", "premonitory") if name not in REACTIONS]
KNOBS: dict[str, float] = {
    "sleep_change": -1.5,
    "stress_change": 2.0,
    "attack_odds": 2.0,
    "effect_scale": 0.0,
}
MOVED = {"sleep_change": "sleep_hours", "stress_change": "stress_level"}


@pytest.fixture(scope="module")
def plain() -> Cohort:
    return generate(PLAIN)


@pytest.fixture(scope="module", params=KNOBS)
def option(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def drifted(option: str) -> Cohort:
    return generate(dataclasses.replace(PLAIN, **{option: KNOBS[option]}))


@pytest.fixture(scope="module")
def after(plain: Cohort) -> np.ndarray:
    """Return the rows from the drift day on."""
    day = (plain.frame["date"] - pd.Timestamp(PLAIN.start)).dt.days
    return (day >= PLAIN.drift_day).to_numpy()


def test_nothing_changes_before_the_drift_day(plain: Cohort, drifted: Cohort, after: np.ndarray) -> None:
    assert 0.3 < after.mean() < 0.7
    pd.testing.assert_frame_equal(plain.frame[~after], drifted.frame[~after])
    assert np.array_equal(plain.probability[~after], drifted.probability[~after])


def test_an_option_changes_only_dependent_fields(option: str, plain: Cohort, drifted: Cohort) -> None:
    untouched = [name for name in BEFOREHAND if name != MOVED.get(option)]
    assert len(untouched) > 20
    pd.testing.assert_frame_equal(plain.frame[untouched], drifted.frame[untouched])
    assert np.array_equal(plain.rate, drifted.rate)


def test_every_option_changes_something(plain: Cohort, drifted: Cohort, after: np.ndarray) -> None:
    assert not plain.frame[after].equals(drifted.frame[after])
    assert not np.array_equal(plain.probability[after], drifted.probability[after])


@pytest.mark.parametrize(("name", "change"), [("sleep_change", -1.5), ("stress_change", 2.0)])
def test_an_exposure_changes_by_the_requested_amount(
    name: str, change: float, plain: Cohort, after: np.ndarray
) -> None:
    moved = generate(dataclasses.replace(PLAIN, **{name: change})).frame
    difference = moved[MOVED[name]] - plain.frame[MOVED[name]]
    # Clipping at the ends of the scale reduces the change.
    assert difference[after].mean() == pytest.approx(change, abs=0.2)
    assert (difference[after].dropna() * np.sign(change) >= 0).all()


def test_label_shift_raises_the_odds(plain: Cohort, after: np.ndarray) -> None:
    shifted = generate(dataclasses.replace(PLAIN, attack_odds=2.0))
    rise = logit(shifted.probability[after]) - logit(plain.probability[after])
    assert np.median(rise) == pytest.approx(np.log(2), abs=0.02)
    assert shifted.frame.loc[after, ATTACK].mean() > plain.frame.loc[after, ATTACK].mean() + 0.1


def test_concept_shift_removes_the_effect_of_triggers(plain: Cohort, after: np.ndarray) -> None:
    """Without effects only the personal rate remains; with reversed effects the old probabilities mislead."""
    person = plain.frame["participant_id"].to_numpy()
    without_effects = generate(dataclasses.replace(PLAIN, effect_scale=0.0))
    spread = pd.Series(without_effects.probability[after]).groupby(person[after]).std().dropna()
    assert spread.max() < 1e-12
    reversed_ = generate(dataclasses.replace(PLAIN, effect_scale=-1.0))
    assert _personal_auc(plain, plain, after) > 0.6
    assert _personal_auc(without_effects, plain, after) == pytest.approx(0.5, abs=0.03)
    assert _personal_auc(reversed_, plain, after) < 0.43


def _personal_auc(outcome: Cohort, forecast: Cohort, rows: np.ndarray) -> float:
    """Return the AUC of `forecast`, beyond the personal rate, for the attacks of `outcome`."""
    attack = outcome.frame[ATTACK].to_numpy()
    known = rows & ~np.isnan(attack)
    beyond = logit(forecast.probability[known]) - logit(forecast.rate[known])
    return float(roc_auc_score(attack[known], beyond))


@pytest.mark.parametrize(("start", "rows"), [(0.0, "all"), (1.0, "none")])
def test_drift_from_the_start_or_never(start: float, rows: str, plain: Cohort) -> None:
    drifted = generate(dataclasses.replace(PLAIN, sleep_change=-3.0, drift_from=start)).frame["sleep_hours"]
    moved = (plain.frame["sleep_hours"] - drifted).dropna() != 0
    assert moved.mean() > 0.99 if rows == "all" else not moved.any()
