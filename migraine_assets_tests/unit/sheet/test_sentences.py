"""The sentences of a sheet: each follows from the numbers."""

import pytest

from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.person.agreement import Agreement
from migraine_assets.core.person.associations import Association, Associations
from migraine_assets.core.person.completeness import Completeness
from migraine_assets.core.person.months import Month
from migraine_assets.sheet import sentences


@pytest.mark.parametrize(
    ("drugs", "known", "words"),
    [
        (16, 20, "at or above both limits (10 and 15)"),
        (11, 20, "at or above 10; 10 days not known"),
        (11, 30, "at or above 10, below 15"),
        (3, 30, "below 10"),
        (3, 20, "cannot be compared: 10 days not known"),
        (0, 0, "drugs not recorded"),
    ],
)
def test_a_month_is_compared_with_both_limits(drugs: int, known: int, words: str) -> None:
    assert sentences.overuse(Month(2024, 4, 30, known=30, attacks=0, drug_known=known, drugs=drugs)) == words


@pytest.mark.parametrize(
    ("ratio", "gain", "level", "closer"),
    [
        (Interval(1.5, 1.1, 1.9), Interval(0.02, 0.01, 0.03), "more attacks than", "the forecasts are closer"),
        (Interval(0.5, 0.2, 0.9), Interval(-0.02, -0.03, -0.01), "fewer attacks than", "the own rate is closer"),
        (Interval(1.1, 0.8, 1.4), Interval(0.0, -0.01, 0.01), "no difference can", "no difference can"),
    ],
)
def test_forecasts_are_judged_by_their_intervals(ratio: Interval, gain: Interval, level: str, closer: str) -> None:
    _, first, second, _ = sentences.agreement(Agreement(60, 20, 0, 18.0, ratio, 0.2, 0.21, gain), "An attack.")
    assert level in first
    assert closer in second


def test_a_difference_is_in_percentage_points_and_has_no_negative_zero() -> None:
    assert sentences.points(Interval(-0.001, -0.25, 0.2)) == "0 (−25 to +20)"


@pytest.mark.parametrize(
    ("split", "inclusive", "unit", "words"),
    [(None, False, "", "yes"), (6.5, False, "h", ">\u00a06.5\u00a0h"), (-10, True, "1-10", "≥\u00a0−10")],
)
def test_the_division_of_the_days_is_stated(split: float | None, inclusive: bool, unit: str, words: str) -> None:
    assert sentences.split(Association("f", unit, split, inclusive, (1, 20), (1, 20))).strip("\u00a0") == words


def test_what_cannot_be_compared_and_what_is_missing_is_named() -> None:
    found = Associations((), ("alcohol_intake", "neck_pain"), 20, 3)
    assert sentences.too_few(found).startswith("Nothing can be said about Alcohol intake, Neck pain:")
    assert sentences.too_few(Associations((), (), 20, 3)) == ""
    lines = sentences.missing(Completeness(10, 9, 1, ("humidity",), (("sleep_hours", 0.25),)))
    assert lines[0] == "1 of 10 days have no entry; the longest gap is 1 day."
    assert lines[1:] == [
        "Never filled: Humidity.",
        "Filled on fewer than 50\u202f% of the days: Sleep hours (25\u202f%).",
    ]
