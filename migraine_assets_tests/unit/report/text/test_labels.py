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
    assert labels.count(1234567) == "1,234,567"
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


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("in 95 % of the days", "in 95\u00a0% of the days"),
        ("± 2.30 points", "±\u00a02.30 points"),
        ("slope 0.84 [0.74 to 0.95], −0.22 to −0.06", "slope 0.84 [0.74\u00a0to\u00a00.95], −0.22\u00a0to\u00a0−0.06"),
        ("up to 12 days to come", "up to 12 days to come"),
    ],
)
def test_a_value_is_not_broken_over_two_lines(text: str, whole: str) -> None:
    assert labels.unbroken(text) == whole
