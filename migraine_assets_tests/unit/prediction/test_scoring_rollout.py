"""The participants who get the candidate of a rollout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.prediction.scoring import in_rollout

PEOPLE = [f"p{k}".encode() for k in range(4000)]


def chosen(percent: float, *, secret: bytes = b"s", rollout: str = "attack:b") -> set[bytes]:
    return {key for key in PEOPLE if in_rollout(key, secret=secret, rollout=rollout, percent=percent)}


@pytest.mark.parametrize("percent", [1, 10, 50, 90])
def test_about_the_percentage_of_people_is_in(percent: float) -> None:
    expected, spread = 40 * percent, (40 * percent * (1 - percent / 100)) ** 0.5
    assert abs(len(chosen(percent)) - expected) < 5 * spread


def test_0_percent_is_nobody_and_100_percent_everybody() -> None:
    assert chosen(0) == set()
    assert chosen(100) == set(PEOPLE)


@given(st.floats(0, 100), st.floats(0, 100), st.binary())
def test_whoever_is_in_stays_in_when_the_share_grows(a: float, b: float, key: bytes) -> None:
    low, high = sorted((a, b))
    if in_rollout(key, secret=b"s", rollout="t", percent=low):
        assert in_rollout(key, secret=b"s", rollout="t", percent=high)


def test_another_rollout_or_secret_chooses_others() -> None:
    assert chosen(50) != chosen(50, rollout="attack:c")
    assert chosen(50) != chosen(50, secret=b"other")
