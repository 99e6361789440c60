"""Curves agree with scikit-learn and have few points; the threshold is the best one and deterministic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from migraine_assets.core.metrics.curves import (
    POINTS,
    confusion_matrix,
    cumulative,
    decision_curve,
    precision_recall_curve,
    roc_curve,
)
from migraine_assets.core.models.threshold import DEFAULT_THRESHOLD, choose_threshold

PAIRS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=4, max_size=80).filter(
    lambda rows: len({y for y, _ in rows}) == 2
)


def _arrays(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([y for y, _ in rows], dtype=np.float64), np.array([p for _, p in rows]) / 20


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_the_roc_curve_has_the_area_that_it_should(rows: list[tuple[int, int]]) -> None:
    y, p = _arrays(rows)
    curve = roc_curve(y, p)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(reference.roc_auc_score(y, p))
    assert (curve.false_positive_rate[0], curve.true_positive_rate[0]) == (0, 0)
    assert (curve.false_positive_rate[-1], curve.true_positive_rate[-1]) == (1, 1)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_the_precision_recall_curve_agrees_with_scikit_learn(rows: list[tuple[int, int]]) -> None:
    y, p = _arrays(rows)
    curve = precision_recall_curve(y, p)
    precision, recall, threshold = reference.precision_recall_curve(y, p)
    assert curve.threshold[::-1] == pytest.approx(threshold)
    assert curve.precision[::-1] == pytest.approx(precision[:-1])
    assert curve.recall[::-1] == pytest.approx(recall[:-1])
    assert curve.base_rate == pytest.approx(y.mean())


def test_many_points_are_thinned_and_hardly_move_the_curve() -> None:
    generator = np.random.default_rng(0)
    p = generator.random(20_000)
    y = (generator.random(p.size) < p).astype(np.float64)
    curve, pr = roc_curve(y, p), precision_recall_curve(y, p)
    assert curve.threshold.size <= POINTS
    assert pr.threshold.size <= POINTS
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(reference.roc_auc_score(y, p), abs=1e-3)
    assert (curve.true_positive_rate[-1], pr.recall[-1]) == (1, 1)


@pytest.mark.parametrize("y", [[], [1.0, 1.0], [0.0, 0.0]])
def test_without_both_classes_the_curves_are_empty(y: list[float]) -> None:
    p = np.linspace(0.1, 0.9, len(y))
    assert roc_curve(y, p).threshold.size == 0
    assert precision_recall_curve(y, p).threshold.size == 0
    assert decision_curve(y, p).threshold.size == 99


def test_net_benefit_follows_its_formula() -> None:
    y, p = np.array([1.0, 1, 0, 0, 0]), np.array([0.9, 0.3, 0.3, 0.1, 0.6])
    curve = decision_curve(y, p)
    place = 29  # threshold 0.30: two hits, two false alarms (a prediction of 0.30 is announced)
    assert curve.threshold[place] == pytest.approx(0.3)
    assert curve.model[place] == pytest.approx(2 / 5 - 2 / 5 * 0.3 / 0.7)
    assert curve.treat_all[place] == pytest.approx(2 / 5 - 3 / 5 * 0.3 / 0.7)
    assert curve.model[-1] == 0


def test_net_benefit_of_everybody_is_zero_at_the_base_rate() -> None:
    y = np.array([1.0] * 20 + [0.0] * 80)
    curve = decision_curve(y, np.full(100, 0.2))
    assert curve.treat_all[19] == pytest.approx(0)
    assert curve.treat_all[9] > 0 > curve.treat_all[29]


def test_the_confusion_matrix_counts_a_prediction_at_the_threshold_as_announced() -> None:
    matrix = confusion_matrix([1.0, 1, 0, 0, 0], [0.5, 0.4, 0.5, 0.6, 0.1], threshold=0.5)
    counts = (matrix.true_negatives, matrix.false_positives, matrix.false_negatives, matrix.true_positives)
    assert counts == (1, 2, 1, 1)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_no_threshold_has_a_better_f1(rows: list[tuple[int, int]]) -> None:
    y, p = _arrays(rows)
    chosen = reference.f1_score(y, p >= choose_threshold(y, p))
    tried = [reference.f1_score(y, p >= threshold) for threshold in np.unique(p)]
    assert chosen == pytest.approx(max(tried))
    order = np.random.default_rng(0).permutation(y.size)
    assert choose_threshold(y[order], p[order]) == choose_threshold(y, p)


def test_of_equally_good_thresholds_the_highest_is_taken_and_it_lies_between_predictions() -> None:
    # F1 is 2/3 from 0.8 on (one of two attacks, no alarm) and again from 0.2 on (both, two alarms).
    y, p = np.array([1.0, 0, 0, 1, 0]), np.array([0.8, 0.6, 0.4, 0.2, 0.1])
    assert choose_threshold(y, p) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("y", "p"),
    [([], []), ([1.0, 1.0], [0.2, 0.3]), ([0.0, 1.0], [0.2, np.nan]), ([0.0, np.nan, 1.0], [0.1, 0.2, 0.3])],
)
def test_where_no_threshold_is_better_it_is_one_half(y: list[float], p: list[float]) -> None:
    assert choose_threshold(y, p) == DEFAULT_THRESHOLD


def test_equal_scores_are_counted_together() -> None:
    at = cumulative([1.0, 0.0, 1.0], [0.5, 0.5, 0.2])
    assert (at.score.tolist(), at.hits.tolist(), at.alarms.tolist()) == ([0.5, 0.2], [1, 2], [1, 1])
