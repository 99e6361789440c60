"""Drift knobs: each moves what it names from its day on, and nothing that does not depend on it."""

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
# What an attack of the same day changes; everything else is there before it.
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
def knob(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def drifted(knob: str) -> Cohort:
    return generate(dataclasses.replace(PLAIN, **{knob: KNOBS[knob]}))


@pytest.fixture(scope="module")
def after(plain: Cohort) -> np.ndarray:
    """The rows from the day of drift on."""
    day = (plain.frame["date"] - pd.Timestamp(PLAIN.start)).dt.days
    return (day >= PLAIN.drift_day).to_numpy()


def test_nothing_changes_before_its_day(plain: Cohort, drifted: Cohort, after: np.ndarray) -> None:
    assert 0.3 < after.mean() < 0.7
    pd.testing.assert_frame_equal(plain.frame[~after], drifted.frame[~after])
    assert np.array_equal(plain.probability[~after], drifted.probability[~after])


def test_a_knob_leaves_alone_what_does_not_depend_on_it(knob: str, plain: Cohort, drifted: Cohort) -> None:
    untouched = [name for name in BEFOREHAND if name != MOVED.get(knob)]
    assert len(untouched) > 20
    pd.testing.assert_frame_equal(plain.frame[untouched], drifted.frame[untouched])
    assert np.array_equal(plain.rate, drifted.rate)


def test_a_knob_moves_something(plain: Cohort, drifted: Cohort, after: np.ndarray) -> None:
    assert not plain.frame[after].equals(drifted.frame[after])
    assert not np.array_equal(plain.probability[after], drifted.probability[after])


@pytest.mark.parametrize(("knob_name", "change"), [("sleep_change", -1.5), ("stress_change", 2.0)])
def test_an_exposure_moves_by_what_was_asked(knob_name: str, change: float, plain: Cohort, after: np.ndarray) -> None:
    moved = generate(dataclasses.replace(PLAIN, **{knob_name: change})).frame
    difference = moved[MOVED[knob_name]] - plain.frame[MOVED[knob_name]]
    assert difference[after].mean() == pytest.approx(change, abs=0.2)  # the ends of the scale hold some back
    assert (difference[after].dropna() * np.sign(change) >= 0).all()


def test_label_shift_raises_everybodys_odds(plain: Cohort, after: np.ndarray) -> None:
    shifted = generate(dataclasses.replace(PLAIN, attack_odds=2.0))
    rise = logit(shifted.probability[after]) - logit(plain.probability[after])
    assert np.median(rise) == pytest.approx(np.log(2), abs=0.02)
    assert shifted.frame.loc[after, ATTACK].mean() > plain.frame.loc[after, ATTACK].mean() + 0.1


def test_concept_shift_takes_the_meaning_from_the_triggers(plain: Cohort, after: np.ndarray) -> None:
    """Without effects only the personal rate is left; with reversed ones the old truth misleads."""
    person = plain.frame["participant_id"].to_numpy()
    gone = generate(dataclasses.replace(PLAIN, effect_scale=0.0))
    spread = pd.Series(gone.probability[after]).groupby(person[after]).std().dropna()
    assert spread.max() < 1e-12
    reversed_ = generate(dataclasses.replace(PLAIN, effect_scale=-1.0))
    assert _personal_auc(plain, plain, after) > 0.6
    assert _personal_auc(gone, plain, after) == pytest.approx(0.5, abs=0.03)
    assert _personal_auc(reversed_, plain, after) < 0.43


def _personal_auc(outcome: Cohort, forecast: Cohort, rows: np.ndarray) -> float:
    """AUC of what `forecast` says beyond the personal rate about the attacks of `outcome`."""
    attack = outcome.frame[ATTACK].to_numpy()
    known = rows & ~np.isnan(attack)
    beyond = logit(forecast.probability[known]) - logit(forecast.rate[known])
    return float(roc_auc_score(attack[known], beyond))


@pytest.mark.parametrize(("start", "rows"), [(0.0, "all"), (1.0, "none")])
def test_drift_may_hold_from_the_start_or_never(start: float, rows: str, plain: Cohort) -> None:
    drifted = generate(dataclasses.replace(PLAIN, sleep_change=-3.0, drift_from=start)).frame["sleep_hours"]
    moved = (plain.frame["sleep_hours"] - drifted).dropna() != 0
    assert moved.mean() > 0.99 if rows == "all" else not moved.any()
