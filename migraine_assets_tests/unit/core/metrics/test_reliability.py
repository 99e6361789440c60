"""Each row is in one bin of the calibration curve, and the intervals account for participants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.metrics.reliability import reliability, wilson


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 15), st.integers(0, 5)), min_size=1, max_size=100))
def test_every_row_is_in_one_bin(rows: list[tuple[int, int, int]]) -> None:
    y, p, group = (np.array(column) for column in zip(*rows, strict=True))
    bins = reliability(y, p / 15, group)
    assert bins.rows.sum() == y.size
    assert (bins.rows > 0).all()
    assert bins.rows.size <= 10
    assert bins.rows @ bins.observed == pytest.approx(y.sum())
    assert (np.diff(bins.predicted) > 0).all()
    assert ((bins.ci_low <= bins.observed + 1e-12) & (bins.observed <= bins.ci_high + 1e-12)).all()


def test_bins_hold_about_as_many_rows() -> None:
    p = np.random.default_rng(0).random(1000)
    bins = reliability(np.zeros(1000), p, np.arange(1000))
    assert bins.rows.tolist() == [100] * 10


def test_a_constant_prediction_is_one_bin() -> None:
    bins = reliability([0.0, 1.0], [0.3, 0.3], [0, 1])
    assert (bins.predicted.tolist(), bins.observed.tolist(), bins.rows.tolist()) == ([0.3], [0.5], [2])


def test_no_rows_give_no_bins() -> None:
    assert reliability([], [], []).rows.size == 0


def test_days_of_one_person_are_no_independent_rows() -> None:
    """Twenty participants with ten equal days each have the information of twenty days."""
    y, p = np.repeat([0.0, 1.0], 100), np.full(200, 0.5)
    by_person = reliability(y, p, np.repeat(np.arange(20), 10))
    assert by_person.ci_high[0] - by_person.ci_low[0] == pytest.approx(np.ptp(wilson(0.5, 19)), abs=1e-9)
    by_row = reliability(y, p, np.arange(200))
    assert by_row.ci_high[0] - by_row.ci_low[0] == pytest.approx(np.ptp(wilson(0.5, 199)), abs=1e-9)


def test_a_bin_without_attacks_still_has_an_upper_end() -> None:
    """A bootstrap would give [0, 0] here, as if five participants proved that attacks never happen."""
    bins = reliability(np.zeros(50), np.full(50, 0.1), np.repeat(np.arange(5), 10))
    assert bins.ci_low[0] == 0
    assert bins.ci_high[0] == pytest.approx(wilson(0.0, 5)[1])


def test_wilson_agrees_with_the_textbook() -> None:
    """Newcombe 1998, Stat Med 17:857, table I: 81 of 263 and 0 of 20."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
