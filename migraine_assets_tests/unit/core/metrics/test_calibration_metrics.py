"""Calibration slope and intercept are the maximum-likelihood estimates, with the interval of a full bootstrap."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from migraine_assets.core.metrics.bootstrap import Floats, resample
from migraine_assets.core.metrics.calibration_metrics import recalibration


def _cohort(
    *, slope: float = 1.0, shift: float = 0.0, people: int = 60, days: int = 40
) -> tuple[Floats, Floats, Floats]:
    """Return outcomes, predictions and participants. The true log-odds: shift + slope * logit(p) + person."""
    generator = np.random.default_rng(11)
    group = np.repeat(np.arange(people), days).astype(np.float64)
    p = expit(generator.normal(-1, 1, people * days))
    own = generator.normal(0, 0.2, people)[group.astype(np.int64)]
    y = (generator.random(p.size) < expit(shift + slope * logit(p) + own)).astype(np.float64)
    return y, p, group


def _by_optimiser(y: Floats, p: Floats, weight: Floats) -> tuple[float, float]:
    def loss(linear: Floats) -> float:
        return float((weight * (np.logaddexp(0, linear) - y * linear)).sum())

    x = logit(p)

    def of_intercept(b: Floats) -> float:
        return loss(b[0] + x)

    def of_both(b: Floats) -> float:
        return loss(b[0] + b[1] * x)

    alone, both = minimize(of_intercept, [0.0]), minimize(of_both, [0.0, 1.0])
    return float(alone.x[0]), float(both.x[1])


def test_it_is_the_maximum_likelihood_fit() -> None:
    y, p, group = _cohort(slope=0.6, shift=0.4)
    intercept, slope = recalibration(y, p, resample(group, replicates=5))
    assert (intercept.value, slope.value) == pytest.approx(_by_optimiser(y, p, np.ones(y.size)), abs=1e-4)


def test_one_newton_step_is_close_to_refitting_each_replicate() -> None:
    y, p, group = _cohort()
    draw = resample(group, replicates=8)
    intercept, slope = recalibration(y, p, draw)
    for r, weights in enumerate(draw.weights):
        expected = _by_optimiser(y, p, weights[draw.group].astype(np.float64))
        assert (intercept.replicates[r], slope.replicates[r]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 0.0), (1.0, -0.8)])
def test_the_interval_holds_the_truth_and_tells_it_from_perfect(slope: float, shift: float) -> None:
    y, p, group = _cohort(slope=slope, shift=shift)
    slope_interval = recalibration(y, p, resample(group))[1].interval()
    assert slope_interval.ci_low <= slope <= slope_interval.ci_high
    assert (slope_interval.ci_low <= 1 <= slope_interval.ci_high) == (slope == 1.0)


def test_predictions_far_from_the_truth_still_converge() -> None:
    """Newton's first step from here is half a million; it converges only because steps are halved."""
    y = np.tile([0.0, 1.0], 50)
    intercept, slope = recalibration(y, np.full(100, 1e-6), resample(np.repeat(np.arange(10), 10)))
    assert intercept.value == pytest.approx(logit(1 - 1e-6), abs=1e-3)
    assert np.isnan(slope.value)


@pytest.mark.parametrize(
    ("y", "p"),
    [
        pytest.param([1.0, 1.0, 1.0, 1.0], [0.2, 0.4, 0.6, 0.8], id="one class"),
        pytest.param([0.0, 0.0, 1.0, 1.0], [0.2, 0.4, 0.6, 0.8], id="separated"),
        pytest.param([0.0, 1.0, 0.0, 1.0], [0.5, 0.5, 0.5, 0.5], id="equal predictions"),
        pytest.param([0.0, 1.0, 0.0, 1.0], [0.2, 0.2, 0.2, 0.2 + 1e-13], id="equal but for rounding"),
    ],
)
def test_a_slope_that_does_not_exist_is_undefined(y: list[float], p: list[float]) -> None:
    slope = recalibration(np.array(y), np.array(p), resample([0, 0, 1, 1]))[1]
    assert np.isnan(slope.value)
    assert not slope.interval().bounded
