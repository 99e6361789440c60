"""Cleaning rules are data with one implementation; a batch and a single day give the same values."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import CONTRACT, Bounds, Contract
from migraine_assets.core.diary.cleaning import (
    CLIPS,
    CONTRADICTIONS,
    DEFAULT,
    Cleaner,
    Cleaning,
    Clip,
    Condition,
    Contradiction,
    cleaning_for,
)
from migraine_assets.errors import ConfigurationError

COLUMNS = CONTRACT.columns
CLEANER = Cleaner(DEFAULT, COLUMNS)


def cleaned(cleaner: Cleaner = CLEANER, **values: float) -> dict[str, float]:
    """Return the cleaned values of one day; columns that are not named are null."""
    day = np.full((len(COLUMNS), 1), np.nan)
    for name, value in values.items():
        day[COLUMNS.index(name)] = value
    after = cleaner.clean(day)
    assert {name: float(day[COLUMNS.index(name), 0]) for name in values} == values
    return {name: float(after[COLUMNS.index(name), 0]) for name in values}


def test_a_value_at_a_limit_stays_and_one_beyond_becomes_the_limit() -> None:
    assert cleaned(hydration=6.0, weather_pressure=920.0) == {"hydration": 6.0, "weather_pressure": 920.0}
    assert cleaned(hydration=9.0, weather_pressure=880.0) == {"hydration": 6.0, "weather_pressure": 920.0}


def test_a_contradiction_is_seen_after_those_before_it() -> None:
    """The rule on good sleep without sleep runs after the rule that makes the sleep of an overlong day null."""
    assert np.isnan(list(cleaned(sleep_hours=1.0, screen_time=23.5).values())).all()
    day = cleaned(sleep_hours=0.0, screen_time=24.5, sleep_quality=8.0)
    assert day["sleep_quality"] == 8.0


@pytest.mark.parametrize(
    ("comparison", "value", "holds"),
    [
        ("above", 5.0, False),
        ("above", 4.9, True),
        ("below", 5.0, False),
        ("below", 5.1, True),
        ("equals", 5.0, True),
        ("differs", 5.0, False),
        ("differs", 4.0, True),
    ],
)
def test_comparisons(comparison: str, value: float, holds: bool) -> None:
    rule = Contradiction("x", (Condition(("humidity",), comparison, value),), ("age",), "x")  # type: ignore[arg-type]
    age = cleaned(Cleaner(Cleaning((), (rule,)), COLUMNS), humidity=5.0, age=40.0)["age"]
    assert np.isnan(age) == holds


def test_of_a_null_only_differs_holds() -> None:
    for comparison, holds in (("above", False), ("below", False), ("equals", False), ("differs", True)):
        rule = Contradiction("x", (Condition(("humidity",), comparison, 1.0),), ("age",), "x")  # type: ignore[arg-type]
        assert np.isnan(cleaned(Cleaner(Cleaning((), (rule,)), COLUMNS), age=40.0)["age"]) == holds


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), days=st.integers(1, 40))
def test_a_day_is_cleaned_as_if_it_were_alone_and_a_second_pass_changes_nothing(seed: int, days: int) -> None:
    random = np.random.default_rng(seed)
    block = random.uniform(-40, 40, (len(COLUMNS), days)).round(1)
    block[random.random(block.shape) < 0.3] = np.nan
    block[random.random(block.shape) < 0.3] = random.integers(0, 2)
    once = CLEANER.clean(block)
    alone = np.concatenate([CLEANER.clean(block[:, k : k + 1]) for k in range(days)], axis=1)
    np.testing.assert_array_equal(once.view(np.uint64), alone.view(np.uint64))
    counts = np.zeros(len(CLEANER.counted), dtype=np.int64)
    np.testing.assert_array_equal(CLEANER.clean(once, counts=counts), once)
    assert not counts.any()


def test_changes_are_counted_by_rule() -> None:
    days = np.full((len(COLUMNS), 3), np.nan)
    days[COLUMNS.index("hydration")] = [9.0, 5.0, 7.0]
    days[COLUMNS.index("sleep_hours")] = [12.0, 8.0, 20.0]
    days[COLUMNS.index("screen_time")] = [13.0, np.nan, np.nan]
    counts = np.zeros(len(CLEANER.counted), dtype=np.int64)
    CLEANER.clean(days, counts=counts)
    changed = {
        (name, low, high): n for (name, _, low, high), n in zip(CLEANER.counted, counts.tolist(), strict=True) if n
    }
    assert changed == {
        ("sleep_hours", None, None): 1,
        ("screen_time", None, None): 1,
        ("hydration", None, 6.0): 2,
        ("sleep_hours", None, 18.0): 1,
    }


def test_a_narrowed_set_of_rules_gives_the_same_values_of_the_columns_it_was_made_for() -> None:
    narrow = DEFAULT.narrowed({"sleep_quality"})
    assert [rule.name for rule in narrow.contradictions] == ["day_too_long", "good_sleep_without_sleep"]
    assert {clip.field for clip in narrow.clips} == {"sleep_hours", "screen_time"}
    assert DEFAULT.narrowed({"age"}) == Cleaning((), ())


@pytest.mark.parametrize(
    "clip",
    [
        Clip("shoe_size", None, 40),
        Clip("sex", None, 1),
        Clip("migraine_severity", None, 8),
        Clip("sleep_hours", None, 25),
        Clip("sleep_hours", -1, None),
        Clip("sleep_hours", 12, 4),
    ],
)
def test_limits_that_cannot_be_used_are_refused(clip: Clip) -> None:
    with pytest.raises(ConfigurationError, match=clip.field):
        cleaning_for(CONTRACT, (clip,))


def test_a_limit_may_lie_where_wider_bounds_allow_it() -> None:
    clip = Clip("hydration", None, 12)
    with pytest.raises(ConfigurationError, match=r"within the contract's 0\.\.10"):
        cleaning_for(CONTRACT, (clip,))
    assert cleaning_for(CONTRACT.with_bounds({"hydration": Bounds(high=15)}), (clip,)).clips == (clip,)


def test_the_default_limits_adapt_to_narrower_bounds() -> None:
    narrow = CONTRACT.with_bounds({"hydration": Bounds(high=5), "weather_pressure": Bounds(low=930)})
    clips = {clip.field: (clip.low, clip.high) for clip in cleaning_for(narrow).clips}
    assert "hydration" not in clips
    assert clips["weather_pressure"] == (None, 1065.0)
    assert len(clips) == len(CLIPS) - 1


def test_rules_between_fields_that_the_contract_lacks_are_left_out() -> None:
    small = Contract(tuple(field for field in CONTRACT.fields if field.name != "screen_time"))
    rules = cleaning_for(small)
    assert "day_too_long" not in {rule.name for rule in rules.contradictions}
    assert "screen_time" not in {clip.field for clip in rules.clips}
    assert len(rules.contradictions) == len(CONTRADICTIONS) - 1


def test_rules_are_compared_by_value() -> None:
    assert cleaning_for(CONTRACT) == DEFAULT
    assert replace(DEFAULT, clips=()) != DEFAULT
