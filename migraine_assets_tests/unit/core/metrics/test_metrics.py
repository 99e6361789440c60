"""Metrics agree with scikit-learn, replicates agree with weights, and undefined metrics are NaN without a warning."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from migraine_assets.core.metrics.bootstrap import Floats, resample
from migraine_assets.core.metrics.metrics import (
    ATTACK_METRICS,
    SEVERITY_METRICS,
    attack_draws,
    score_attack,
    score_severity,
    severity_draws,
)


def _cohort(people: int = 40, days: int = 30) -> tuple[Floats, Floats, Floats]:
    generator = np.random.default_rng(3)
    group = np.repeat(np.arange(people), days).astype(np.float64)
    p = 1 / (1 + np.exp(1 - generator.normal(size=people)[group.astype(np.int64)] - generator.normal(size=group.size)))
    return (generator.random(p.size) < p).astype(np.float64), np.round(p, 2), group


def test_attack_metrics_agree_with_scikit_learn() -> None:
    y, p, group = _cohort()
    scores = score_attack(y, p, group, threshold=0.4, replicates=20)
    announced = p >= 0.4
    expected = {
        "roc_auc": reference.roc_auc_score(y, p),
        "pr_auc": reference.average_precision_score(y, p),
        "accuracy": reference.accuracy_score(y, announced),
        "precision": reference.precision_score(y, announced),
        "recall": reference.recall_score(y, announced),
        "f1": reference.f1_score(y, announced),
        "brier": reference.brier_score_loss(y, p),
    }
    assert {name: scores[name].value for name in expected} == pytest.approx(expected)
    assert tuple(scores) == ATTACK_METRICS
    assert all(scores[name].ci_low <= scores[name].value <= scores[name].ci_high for name in expected)


def test_attack_replicates_are_weighted_metrics() -> None:
    y, p, group = _cohort(people=6)
    draw = resample(group, replicates=6)
    draws = attack_draws(y, p, draw, threshold=0.4)
    for r, weights in enumerate(draw.weights):
        weight = weights[draw.group]
        assert draws["brier"].replicates[r] == pytest.approx(reference.brier_score_loss(y, p, sample_weight=weight))
        f1 = reference.f1_score(y, p >= 0.4, sample_weight=weight)
        assert draws["f1"].replicates[r] == pytest.approx(f1)


def test_severity_metrics_agree_with_scikit_learn_in_every_replicate() -> None:
    generator = np.random.default_rng(2)
    y = generator.normal(1000.0, 2.0, 200)  # far from 0, where a naive sum of squares loses precision
    guess = y + generator.normal(0, 1, 200)
    draw = resample(np.repeat(np.arange(20), 10), replicates=5)
    draws = severity_draws(y, guess, draw)
    for r, weights in enumerate([np.ones(20), *draw.weights]):
        weight = weights[draw.group]
        actual = [draws[name].value if r == 0 else draws[name].replicates[r - 1] for name in SEVERITY_METRICS]
        mse = reference.mean_squared_error(y, guess, sample_weight=weight)
        mae = reference.mean_absolute_error(y, guess, sample_weight=weight)
        r2 = reference.r2_score(y, guess, sample_weight=weight)
        assert actual == pytest.approx([mse, mse**0.5, mae, r2])


def test_the_interval_is_wider_than_one_over_rows() -> None:
    """Rows of one participant are correlated, so the interval must be wider."""
    y, p, group = _cohort()
    by_person = score_attack(y, p, group, threshold=0.4)["brier"]
    by_row = score_attack(y, p, np.arange(y.size), threshold=0.4)["brier"]
    assert by_person.ci_high - by_person.ci_low > 1.2 * (by_row.ci_high - by_row.ci_low)


def test_equal_seeds_give_equal_scores_whatever_the_order_of_rows() -> None:
    y, p, group = _cohort()
    order = np.random.default_rng(1).permutation(y.size)
    one = score_attack(y, p, group, threshold=0.4, replicates=30)
    other = score_attack(y[order], p[order], group[order], threshold=0.4, replicates=30)
    for name in ATTACK_METRICS:
        assert tuple(one[name].to_json().values()) == pytest.approx(tuple(other[name].to_json().values()))


UNUSABLE = {
    "no rows": ([], [], []),
    "a prediction is NaN": ([0.0, 1.0, 1.0, 0.0], [0.1, np.nan, 0.2, 0.3], [0, 0, 1, 1]),
    "an outcome is NaN": ([0.0, np.nan, 1.0, 0.0], [0.1, 0.2, 0.2, 0.3], [0, 0, 1, 1]),
    "a prediction is infinite": ([0.0, 1.0, 1.0, 0.0], [0.1, np.inf, 0.2, 0.3], [0, 0, 1, 1]),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_input_gives_nan_for_every_metric(case: str) -> None:
    y, p, group = UNUSABLE[case]
    scores = list(score_attack(y, p, group, threshold=0.5).values())
    scores += score_severity(y, p, group).values()
    assert all(np.isnan(score.value) and not score.bounded for score in scores)


def test_one_class_leaves_what_needs_no_other() -> None:
    scores = score_attack([1.0, 1.0, 1.0], [0.9, 0.4, 0.8], [0, 1, 2], threshold=0.5)
    unknown = {name for name, score in scores.items() if np.isnan(score.value)}
    assert unknown == {"roc_auc", "pr_auc", "calibration_slope", "calibration_intercept", "within_person_auc"}
    assert scores["recall"].value == pytest.approx(2 / 3)


def test_one_participant_has_values_without_intervals() -> None:
    scores = score_attack([0.0, 1.0, 0.0, 1.0], [0.1, 0.9, 0.6, 0.4], [7, 7, 7, 7], threshold=0.5)
    assert scores["roc_auc"].value == 0.75
    assert not any(score.bounded for score in scores.values())


def test_a_model_that_never_announces_has_no_precision() -> None:
    scores = score_attack([0.0, 1.0, 0.0, 1.0], [0.1, 0.2, 0.1, 0.2], [0, 0, 1, 1], threshold=0.5)
    assert np.isnan(scores["precision"].value)
    assert (scores["recall"].value, scores["f1"].value) == (0.0, 0.0)


def test_equal_severities_have_no_r2() -> None:
    scores = score_severity([3.0, 3.0, 3.0], [2.0, 3.0, 4.0], [0, 1, 2])
    assert np.isnan(scores["r2"].value)
    assert scores["mae"].value == pytest.approx(2 / 3)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 1), st.integers(0, 3)),
        max_size=25,
    )
)
def test_nothing_ever_raises_or_warns(rows: list[tuple[float, float, int]]) -> None:
    y, p, group = ([row[k] for row in rows] for k in range(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = score_attack(y, p, group, threshold=0.5, replicates=7) | score_severity(y, p, group, replicates=7)
    bounded = [scores[name] for name in ("roc_auc", "accuracy", "f1", "brier") if scores[name].bounded]
    assert all(0 <= score.ci_low <= score.ci_high <= 1 for score in bounded)
