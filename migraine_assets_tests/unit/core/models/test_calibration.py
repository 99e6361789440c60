"""The sigmoid and the conformal quantile are right on simulated data, and safe on degenerate data."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.models.calibration import Sigmoid, conformal, cross_fit, fit_sigmoid


def _logistic(slope: float, intercept: float, *, n: int = 60_000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    score = random.normal(1.0, 2.0, n)
    y = random.random(n) < 1 / (1 + np.exp(-(slope * score + intercept)))
    return score, y.astype(np.float64)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.3, -1.5), (2.0, 1.0)])
def test_the_sigmoid_that_made_the_outcomes_is_found(slope: float, intercept: float) -> None:
    calibration = fit_sigmoid(*_logistic(slope, intercept))
    assert calibration.slope == pytest.approx(slope, abs=0.06)
    assert calibration.intercept == pytest.approx(intercept, abs=0.06)


@settings(max_examples=40, deadline=None)
@given(
    shift=st.floats(-50, 50),
    stretch=st.floats(0.001, 1000),
    seed=st.integers(0, 99),
)
def test_probabilities_do_not_depend_on_the_unit_of_the_score(shift: float, stretch: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    score = random.normal(size=200)
    y = (random.random(200) < 1 / (1 + np.exp(-score))).astype(np.float64)
    plain = fit_sigmoid(score, y).apply(score)
    moved = score * stretch + shift
    assert fit_sigmoid(moved, y).apply(moved) == pytest.approx(plain, abs=1e-5)


def test_calibrated_probabilities_average_to_the_share_of_attacks() -> None:
    score, y = _logistic(0.5, -1.0)
    assert fit_sigmoid(score, y).apply(score).mean() == pytest.approx(y.mean(), abs=1e-3)


def test_perfectly_separated_outcomes_give_finite_probabilities_short_of_certainty() -> None:
    score = np.concatenate([np.full(50, -1.0), np.full(50, 1.0)])
    p = fit_sigmoid(score, (score > 0).astype(np.float64)).apply(score)
    assert 0.0 < p.min() < 0.05
    assert 0.95 < p.max() < 1.0


def test_a_score_that_orders_the_days_the_wrong_way_gets_the_base_rate() -> None:
    score, y = _logistic(1.0, 0.0)
    calibration = fit_sigmoid(-score, y)
    assert calibration.slope == 0.0
    assert calibration.apply(score)[0] == pytest.approx(y.mean(), abs=1e-3)


def test_a_constant_score_gets_the_base_rate() -> None:
    y = np.array([1.0, 0.0, 0.0, 0.0])
    assert fit_sigmoid(np.zeros(4), y) == Sigmoid(0.0, math.log(2 / 4))


def test_a_fold_is_calibrated_without_its_own_outcomes() -> None:
    """One sigmoid that is fitted on all folds would make the cross-validated Brier score too good."""
    score, y = _logistic(1.0, 0.0, n=400)
    fold = (np.arange(400) % 4).astype(np.int8)
    turned = np.where(fold == 2, 1 - y, y)
    before, after = cross_fit(score, y, fold), cross_fit(score, turned, fold)
    assert np.array_equal(before[fold == 2], after[fold == 2])
    assert not np.array_equal(before[fold == 1], after[fold == 1])


def test_the_conformal_quantile_is_the_rank_of_lei_2018() -> None:
    residual = np.arange(1.0, 20.0) * np.where(np.arange(19) % 2, 1, -1)
    assert conformal(residual).quantile == 18.0  # ceil(20 * 0.9) = 18
    assert conformal(residual, coverage=0.5).quantile == 10.0


def test_too_few_residuals_give_the_largest() -> None:
    assert conformal(np.array([0.5, -2.0])).quantile == 2.0


@settings(max_examples=30)
@given(seed=st.integers(0, 9999), n=st.integers(30, 300))
def test_the_interval_covers_what_it_promises_on_its_own_residuals(seed: int, n: int) -> None:
    residual = np.random.default_rng(seed).standard_t(3, n)
    assert (np.abs(residual) <= conformal(residual).quantile).mean() >= 0.9
