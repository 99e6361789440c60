"""Figures are written one way: a true minus, a dash for the unknown, no minus zero."""

import math

import pytest

from migraine_assets.core.interval import Interval
from migraine_assets.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.123"), (-0.5, "−0.500"), (-0.0001, "0.000"), (math.nan, "–"), (None, "–"), (math.inf, "–")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert words.number(value) == text


def test_differences_carry_their_sign() -> None:
    assert words.signed(0.02) == "+0.020"
    assert words.signed(-0.02) == "−0.020"
    assert words.signed(0.0001) == "0.000"
    assert words.signed(math.nan) == "–"


def test_intervals_without_ends_are_empty() -> None:
    assert words.ends(Interval(0.5)) == ""
    assert words.ends(Interval(0.5, -0.1, 0.9), digits=1) == "−0.1 to 0.9"


def test_counts_shares_and_nouns() -> None:
    assert words.count(1234567) == "1\u202f234\u202f567"
    assert words.count(None) == "–"
    assert words.percent(0.256) == "26\u202f%"
    assert words.percent(None) == words.percent(math.nan) == "–"
    assert words.plural(1, "participant") == "1 participant"
    assert words.plural(0, "participant") == "0 participants"
    assert words.seconds(3.14159) == "3.1 s"
    assert words.seconds(150) == "2.5 min"


def test_names() -> None:
    assert words.title("xgboost") == "XGBoost"
    assert words.title("random_forest") == "Random forest"
    assert words.title("") == ""
    assert words.metric("r2") == "R²"
    assert words.metric("new_metric") == "New metric"
