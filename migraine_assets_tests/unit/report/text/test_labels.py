"""Formatting of numbers: a typographic minus, a dash for unknown values, no negative zero."""

import math

import pytest

from migraine_assets.core.metrics.interval import Interval
from migraine_assets.report.text import labels


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.123"), (-0.5, "−0.500"), (-0.0001, "0.000"), (math.nan, "–"), (None, "–"), (math.inf, "–")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert labels.number(value) == text


def test_differences_carry_their_sign() -> None:
    assert labels.signed(0.02) == "+0.020"
    assert labels.signed(-0.02) == "−0.020"
    assert labels.signed(0.0001) == "0.000"
    assert labels.signed(math.nan) == "–"


def test_intervals_without_ends_are_empty() -> None:
    assert labels.ends(Interval(0.5)) == ""
    assert labels.ends(Interval(0.5, -0.1, 0.9), digits=1) == "−0.1 to 0.9"


def test_counts_shares_and_nouns() -> None:
    assert labels.count(1234567) == "1\u202f234\u202f567"
    assert labels.count(None) == "–"
    assert labels.percent(0.256) == "26\u202f%"
    assert labels.percent(None) == labels.percent(math.nan) == "–"
    assert labels.plural(1, "participant") == "1 participant"
    assert labels.plural(0, "participant") == "0 participants"
    assert labels.seconds(3.14159) == "3.1 s"
    assert labels.seconds(150) == "2.5 min"


def test_names() -> None:
    assert labels.title("xgboost") == "XGBoost"
    assert labels.title("random_forest") == "Random forest"
    assert labels.title("") == ""
    assert labels.metric("r2") == "R²"
    assert labels.metric("new_metric") == "New metric"
