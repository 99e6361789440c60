"""Statistics of the cohort compared with the literature, and its true probabilities with its outcomes."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from migraine_assets.core.contract import ATTACK
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.synthetic import Cohort, generate
from migraine_assets_tests.unit.sources.cohort.cohorts import maximum_likelihood, tomorrow

LARGE = SyntheticSettings(participants=1000, days=180)
SYMPTOMS = ("yawning", "poor_concentration", "mood_change", "fatigue", "neck_pain")


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return generate(LARGE)


def _rates(cohort: Cohort) -> np.ndarray:
    return cohort.frame.groupby("participant_id")[ATTACK].mean().quantile([0.05, 0.25, 0.5, 0.75, 0.95]).to_numpy()


def test_attack_day_rates_have_the_percentiles_of_app_diaries(cohort: Cohort) -> None:
    assert _rates(cohort) == pytest.approx([0.08, 0.15, 0.21, 0.28, 0.56], abs=0.025)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_default_cohort_has_them_too_whatever_the_seed(seed: int) -> None:
    small = generate(SyntheticSettings(seed=seed))
    assert _rates(small) == pytest.approx([0.08, 0.15, 0.21, 0.28, 0.56], abs=0.055)
    assert 0.60 <= _within(small, small.next_day) <= 0.65


def _auc(outcome: np.ndarray, forecast: np.ndarray) -> float:
    known = ~np.isnan(outcome)
    return float(roc_auc_score(outcome[known], forecast[known]))


def _within(cohort: Cohort, forecast: np.ndarray, outcome: np.ndarray | None = None) -> float:
    """Return the AUC within participants, weighted by the number of compared pairs of days."""
    frame = pd.DataFrame({"y": tomorrow(cohort.frame) if outcome is None else outcome, "p": forecast}).dropna()
    total = pairs = 0.0
    for _, days in frame.groupby(cohort.frame["participant_id"]):
        weight = days["y"].sum() * (1 - days["y"]).sum()
        if weight:
            total += weight * float(roc_auc_score(days["y"], days["p"]))
            pairs += weight
    return total / pairs


def test_full_knowledge_separates_a_participants_days_only_slightly(cohort: Cohort) -> None:
    assert 0.60 <= _within(cohort, cohort.next_day) <= 0.65


def test_most_of_the_pooled_auc_is_the_personal_rate(cohort: Cohort) -> None:
    outcome = tomorrow(cohort.frame)
    everything, rate = _auc(outcome, cohort.next_day), _auc(outcome, cohort.rate)
    assert 0.70 <= everything <= 0.76
    assert (rate - 0.5) > 0.75 * (everything - 0.5)


def test_same_day_symptoms_are_informative_but_not_decisive(cohort: Cohort) -> None:
    today = cohort.frame[ATTACK].to_numpy()
    assert _within(cohort, cohort.probability, today) < 0.65
    assert 0.70 <= _within(cohort, cohort.same_day, today) <= 0.80


@pytest.mark.parametrize("truth", ["probability", "same_day", "next_day"])
def test_the_true_probabilities_are_calibrated(cohort: Cohort, truth: str) -> None:
    """Among rows with probability p, a share p has an attack; checked by deciles and by recalibration."""
    outcome = tomorrow(cohort.frame) if truth == "next_day" else cohort.frame[ATTACK].to_numpy()
    known = ~np.isnan(outcome)
    probability = getattr(cohort, truth)[known]
    deciles = pd.qcut(probability, 10, labels=False)
    observed = pd.Series(outcome[known]).groupby(deciles).mean().to_numpy()
    assert observed == pytest.approx(pd.Series(probability).groupby(deciles).mean().to_numpy(), abs=0.015)
    (intercept, slope), _ = maximum_likelihood(
        np.column_stack([np.ones(known.sum()), logit(probability)]), outcome[known]
    )
    assert slope == pytest.approx(1, abs=0.04)
    assert intercept == pytest.approx(0, abs=0.05)


def test_demographics() -> None:
    frame = generate(SyntheticSettings(participants=2000, days=1, missing_values=0)).frame
    assert (frame["sex"] == "F").mean() == pytest.approx(0.8, abs=0.03)
    assert frame["age"].mean() == pytest.approx(46, abs=1)
    assert frame["age"].std() == pytest.approx(14, abs=1.5)
    assert frame["preventive_medication"].mean() == pytest.approx(0.125, abs=0.03)


def test_attack_characteristics(cohort: Cohort) -> None:
    frame = cohort.frame
    assert frame["migraine_severity"].mean() == pytest.approx(5.7, abs=0.25)
    assert frame["migraine_severity"].std() == pytest.approx(2.2, abs=0.15)
    assert 6 <= frame["duration_h"].median() <= 9
    drugs = frame.groupby(ATTACK)["medication"].mean()
    assert drugs[1.0] > 0.65
    assert drugs[0.0] < 0.2


def test_severity_depends_on_the_participant_and_hardly_on_triggers(cohort: Cohort) -> None:
    attacks = cohort.frame.dropna(subset=["migraine_severity"])
    usual = attacks.groupby("participant_id")["migraine_severity"].transform("mean")
    assert 0.15 < np.corrcoef(usual, attacks["migraine_severity"])[0, 1] ** 2 < 0.35
    assert abs(np.corrcoef(attacks["stress_level"].fillna(4.5), attacks["migraine_severity"])[0, 1]) < 0.05


def test_symptoms_come_with_attacks_and_before_them(cohort: Cohort) -> None:
    frame, ahead = cohort.frame, tomorrow(cohort.frame)
    for name in SYMPTOMS:
        shares = frame.groupby(ATTACK)[name].mean()
        assert shares[1.0] > 1.5 * shares[0.0]
        quiet = frame[ATTACK] == 0
        assert frame.loc[quiet & (ahead == 1), name].mean() > 1.1 * frame.loc[quiet & (ahead == 0), name].mean()


def test_a_perimenstrual_window_is_five_days_in_about_twenty_eight() -> None:
    settings = SyntheticSettings(participants=300, days=365, missing_days=0, dropout=0, missing_values=0)
    days = generate(settings).frame.groupby("participant_id")["menstrual_cycle"].sum()
    cycling = days[days > 0]
    assert cycling.median() == pytest.approx(5 * 365 / 28, abs=3)
    assert cycling.min() > 40


def test_exercise_counts_the_active_days_of_the_past_week() -> None:
    settings = SyntheticSettings(participants=20, days=30, missing_days=0, dropout=0, missing_values=0)
    frame = generate(settings).frame
    past = frame.groupby("participant_id")["physical_activity"].rolling(7).sum().to_numpy()
    known = ~np.isnan(past)
    assert np.array_equal(frame["exercise"].to_numpy()[known], past[known])
