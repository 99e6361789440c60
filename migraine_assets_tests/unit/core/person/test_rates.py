"""Rates and differences with intervals, against published values."""

import math

import numpy as np
import pytest

from migraine_assets.core.person.calendar import calendar_of
from migraine_assets.core.person.rates import difference, proportion, rates_over_time
from migraine_assets_tests.unit.core.diaries import MONDAY, person


def test_the_wilson_interval_is_that_of_newcombe() -> None:
    """Newcombe 1998 (Stat Med 17:857), table I, method 3."""
    ends = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for counts, (low, high) in ends.items():
        found = proportion(*counts)
        assert (found.ci_low, found.ci_high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_the_difference_is_that_of_newcombe() -> None:
    """Newcombe 1998 (Stat Med 17:873), table II, method 10."""
    for first, second, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ):
        found = difference(first, second)
        assert found.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
        assert (found.ci_low, found.ci_high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_larger_confidence_gives_a_wider_interval() -> None:
    narrow, wide = difference((9, 20), (3, 20)), difference((9, 20), (3, 20), confidence=0.995)
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high


def test_nothing_is_known_of_no_days() -> None:
    assert math.isnan(proportion(0, 0).value)
    assert not difference((0, 0), (1, 2)).bounded


def test_four_weeks_are_counted_back_from_the_last_day() -> None:
    attack = np.zeros(60)
    attack[[0, 10, 59]] = 1
    attack[40:45] = np.nan
    rates = rates_over_time(calendar_of(person(range(60), migraine_occurrence=attack.tolist()), first=MONDAY))
    days = [(row.first - MONDAY, row.last - MONDAY, row.attacks, row.known) for row in rates]
    assert days == [(0, 3, 1, 4), (4, 31, 1, 28), (32, 59, 1, 23)]
    assert rates[1].rate == proportion(1, 28)
