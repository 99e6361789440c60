"""Participants are drawn, not rows; equal seeds give equal draws; intervals have the stated coverage."""

import numpy as np
import pytest

from migraine_assets.core.metrics.bootstrap import MIN_REPLICATES, Draws, ratio, replicates_for, resample, undefined


def test_each_replicate_draws_as_many_participants_as_there_are() -> None:
    draw = resample(np.array([5, 5, 9, 7, 7, 7]), replicates=40, seed=1)
    assert draw.weights.shape == (40, 3)
    assert (draw.weights.sum(axis=1) == 3).all()
    assert draw.group.tolist() == [0, 0, 2, 1, 1, 1]


def test_names_and_codes_draw_alike() -> None:
    names = np.array(["b", "a", "b"], dtype=object)
    assert (resample(names, seed=3).weights == resample(np.array([1, 0, 1]), seed=3).weights).all()


def test_all_rows_of_a_participant_are_taken_together() -> None:
    """Draw rows instead of participants, which is wrong: intervals of repeated days become far too narrow."""
    draw = resample(np.array([0, 0, 1]), replicates=20, seed=2)
    total, drawn = draw.sums(np.array([[1.0], [1.0], [10.0]]))
    assert total.tolist() == [12.0]
    assert drawn[:, 0].tolist() == (2.0 * draw.weights[:, 0] + 10.0 * draw.weights[:, 1]).tolist()
    assert set(drawn[:, 0]) <= {4.0, 12.0, 20.0}


def test_one_participant_has_no_interval() -> None:
    draw = resample(np.zeros(10, dtype=np.int64))
    assert (draw.participants, draw.replicates) == (1, 0)
    assert not Draws(0.5, draw.sums(np.ones((10, 1)))[1][:, 0]).interval().bounded


def test_the_interval_of_a_mean_covers_the_truth_as_often_as_it_says() -> None:
    """With 40 participants of 10 equal days each; drawing rows would cover about half as often."""
    generator, covered = np.random.default_rng(5), 0
    for seed in range(100):
        value = generator.normal(size=40)
        draw = resample(np.repeat(np.arange(40), 10), replicates=200, seed=seed)
        total, drawn = draw.sums(np.repeat(value, 10)[:, None])
        interval = Draws(total[0] / 400, drawn[:, 0] / 400).interval()
        covered += interval.ci_low <= 0 <= interval.ci_high
    assert 86 <= covered <= 100


def test_a_paired_difference_of_equals_is_nothing() -> None:
    draws = Draws(0.7, np.array([0.6, 0.8]))
    assert draws.minus(draws).interval() == Draws(0.0, np.zeros(2)).interval()
    assert draws.negated().value == -0.7


def test_undefined_replicates_are_left_out_unless_most_are() -> None:
    few = Draws(1.0, np.array([np.nan, 1.0, 1.0])).interval()
    assert (few.ci_low, few.ci_high) == (1.0, 1.0)
    assert not Draws(1.0, np.array([np.nan, np.nan, 1.0])).interval().bounded
    assert np.isnan(undefined(3).interval().value)


@pytest.mark.parametrize(("rows", "expected"), [(0, 300), (300_000, 300), (500_000, 200), (10**7, MIN_REPLICATES)])
def test_many_rows_get_fewer_replicates(rows: int, expected: int) -> None:
    assert replicates_for(rows, requested=300) == expected
    assert replicates_for(rows, requested=20) == 20


def test_a_ratio_without_denominator_is_nan() -> None:
    assert ratio([1.0, 2.0], [2.0, 0.0]).tolist()[0] == 0.5
    assert np.isnan(ratio(1.0, 0.0))
