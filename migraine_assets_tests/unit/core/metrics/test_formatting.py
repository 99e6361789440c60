"""Formatting of numbers: a typographic minus, a dash for unknown values, no negative zero."""

import math

import pytest

from migraine_assets.core.metrics import formatting
from migraine_assets.core.metrics.interval import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.123"), (-0.5, "−0.500"), (-0.0001, "0.000"), (math.nan, "–"), (None, "–"), (math.inf, "–")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert formatting.number(value) == text


def test_differences_carry_their_sign() -> None:
    assert formatting.signed(0.02) == "+0.020"
    assert formatting.signed(-0.02) == "−0.020"
    assert formatting.signed(0.0001) == "0.000"
    assert formatting.signed(math.nan) == "–"


def test_intervals_without_ends_are_empty() -> None:
    assert formatting.ends(Interval(0.5)) == ""
    assert formatting.ends(Interval(0.5, -0.1, 0.9), digits=1) == "−0.1 to 0.9"


def test_shares_are_whole_percentages() -> None:
    assert formatting.percent(0.256) == "26\u202f%"
    assert formatting.percent(None) == formatting.percent(math.nan) == "–"


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
    assert formatting.unbroken(text) == whole
