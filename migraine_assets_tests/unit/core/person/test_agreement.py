"""Forecasts compared with outcomes of one person."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from migraine_assets.core.person.agreement import agreement

DAYS = np.arange(140, dtype=np.int64)


def simulated(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    p = np.where(random.random(140) < 0.5, 0.1, 0.5)
    return p, (random.random(140) < p).astype(np.float64)


def test_calibrated_forecasts_agree_and_beat_the_own_rate() -> None:
    p, y = simulated(1)
    result = agreement(DAYS, p, np.full(140, y.mean()), y)
    assert (result.forecasts, result.observed, result.abstained) == (140, int(y.sum()), 0)
    assert result.ratio.value == pytest.approx(y.sum() / p.sum())
    assert result.brier == pytest.approx(np.mean((p - y) ** 2))
    assert result.own_brier == pytest.approx(np.mean((y.mean() - y) ** 2))
    assert result.gain.value == pytest.approx(result.own_brier - result.brier)
    assert result.gain.ci_low > 0


def test_the_intervals_of_twelve_weeks_cover_the_truth() -> None:
    random, missed = np.random.default_rng(5), np.zeros(2)
    for _ in range(300):
        p = np.where(random.random(84) < 0.5, 0.1, 0.5)
        y = (random.random(84) < p).astype(np.float64)
        result = agreement(DAYS[:84], p, np.full(84, 0.3), y)
        truth = ((result.ratio, 1.0), (result.gain, 0.04))
        missed += [not interval.ci_low <= value <= interval.ci_high for interval, value in truth]
    # 15 are expected at 5 %. More than 27 have a probability of 0.001.
    assert missed.max() <= 27


@pytest.mark.parametrize("weeks", [20, 13])
def test_the_interval_is_that_of_a_mean_of_weeks_of_equal_length(weeks: int) -> None:
    """With equal weeks and forecasts, the ratio is a mean of weekly ratios, and the interval that of a t-test."""
    days = 7 * weeks
    y = simulated(6)[1][:days]
    weekly = y.reshape(weeks, 7).mean(axis=1) / 0.3
    expected = ttest_1samp(weekly, 0).confidence_interval(0.95)
    result = agreement(DAYS[:days], np.full(days, 0.3), np.full(days, 0.3), y).ratio
    assert (result.ci_low, result.ci_high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_forecasts_that_are_too_low_are_told_apart() -> None:
    p, y = simulated(2)
    result = agreement(DAYS, p / 3, np.full(140, 0.3), y)
    assert result.ratio.ci_low > 1


def test_abstentions_and_unknown_own_rates_are_left_out() -> None:
    p, y = simulated(3)
    own = np.full(140, 0.3)
    p[:20], own[20:30] = np.nan, np.nan
    result = agreement(DAYS, p, own, y)
    assert (result.forecasts, result.abstained) == (120, 20)
    assert result.brier == pytest.approx(np.mean((p[30:] - y[30:]) ** 2))


@pytest.mark.parametrize(("days", "attacks"), [(27, 10), (60, 4), (60, 57), (0, 0)])
def test_too_few_days_are_not_compared(days: int, attacks: int) -> None:
    y = (np.arange(days) < attacks).astype(np.float64)
    result = agreement(DAYS[:days], np.full(days, 0.3), np.full(days, 0.3), y)
    assert (result.forecasts, result.observed, result.enough) == (days, attacks, False)
    assert not result.ratio.bounded
