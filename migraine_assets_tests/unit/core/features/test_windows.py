"""The engine gives the same bits as a plain implementation of its rules with dictionaries and Python floats."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.core.features.table import default_recipe
from migraine_assets.core.features.windows import LOOK_BACK, Windows
from migraine_assets_tests.unit.core.diaries import diaries, person, undated

COLUMNS = {
    "migraine_occurrence": 28,
    "stress_level": 28,
    "medication": 14,
    "sleep_hours": 7,
    "trigger_index": 7,
}
SPANS = (7, 14, 28)
Known = dict[int, float]  # days back from the newest knowable day -> known value


FEATURES = tuple(
    Feature(f"{column}_{span}", "mean", (column,), span, "A mean.")
    for column, longest in COLUMNS.items()
    for span in SPANS
    if span <= longest
)
LAYOUT = compile_recipe(replace(default_recipe(), features=FEATURES)).layout


def windows(diary: Diary, horizon: int) -> Windows:
    return Windows(diary, first=0, stop=len(diary), horizon=horizon, layout=LAYOUT)


def plain(diary: Diary, row: int, column: str, horizon: int) -> Known:
    """Return the known values of `column` at `row`, by days back, within the window."""
    hidden = 1 if column in CONTRACT.withheld and not horizon else 0
    known = {}
    for other in np.flatnonzero(diary.participant == diary.participant[row]).tolist():
        back = int(diary.day[row] - diary.day[other]) - hidden
        value = float(diary.values(column)[other])
        if 0 <= back < LOOK_BACK and value == value:
            known[back] = value
    return known


def total(known: Known, span: int) -> float:
    values = [known[back] for back in range(span) if back in known]
    return sum(values[1:], start=values[0]) if values else np.nan


def mean(known: Known, span: int) -> float:
    count = sum(back < span for back in known)
    return total(known, span) / count if count else np.nan


def since(known: Known, value: float) -> float:
    hits = [back for back in known if known[back] == value]
    return min(hits, default=LOOK_BACK) if known else np.nan


def run(known: Known, value: float) -> float:
    if 0 not in known:
        return np.nan
    return next((back for back in range(LOOK_BACK) if known.get(back) != value), LOOK_BACK)


def assert_agrees(diary: Diary, column: str, horizon: int, result: np.ndarray, rule: Callable[[Known], float]) -> None:
    expected = [rule(plain(diary, row, column, horizon)) for row in range(len(diary))]
    np.testing.assert_array_equal(result, np.array(expected, dtype=np.float64))


@pytest.mark.parametrize("column", ["migraine_occurrence", "stress_level", "medication", "sleep_hours"])
@settings(max_examples=25, deadline=None)
@given(diary=diaries(longest=40), horizon=st.sampled_from([0, 1]))
def test_sums_means_and_counts(column, diary, horizon):
    days = windows(diary, horizon)
    for span in (span for span in SPANS if span <= COLUMNS[column]):
        assert_agrees(diary, column, horizon, days.total(column, span), lambda known, span=span: total(known, span))
        assert_agrees(diary, column, horizon, days.mean(column, span), lambda known, span=span: mean(known, span))
        assert_agrees(
            diary,
            column,
            horizon,
            days.count(column, span),
            lambda known, span=span: sum(b < span for b in known),
        )


@settings(max_examples=40, deadline=None)
@given(diary=diaries(longest=40), horizon=st.sampled_from([0, 1]))
def test_last_days_since_runs_and_days_back(diary, horizon):
    days = windows(diary, horizon)
    for column in ("migraine_occurrence", "stress_level", "medication"):
        assert_agrees(
            diary, column, horizon, days.last(column, LOOK_BACK), lambda known: known[min(known)] if known else np.nan
        )
        assert_agrees(diary, column, horizon, days.back(column, 3), lambda known: known.get(3, np.nan))
    for value in (0.0, 1.0):
        column = "migraine_occurrence"
        assert_agrees(
            diary, column, horizon, days.days_since(column, value, LOOK_BACK), lambda known, v=value: since(known, v)
        )
        assert_agrees(diary, column, horizon, days.run(column, value, LOOK_BACK), lambda known, v=value: run(known, v))


@pytest.mark.parametrize(("gap", "inside"), [(27, True), (28, False), (29, False), (400, False)])
def test_the_window_is_28_calendar_days_long_whatever_lies_between(gap, inside):
    diary = person([0, gap], migraine_occurrence=[1, 0], stress_level=[9, 1])
    days = windows(diary, 1)
    assert days.total("migraine_occurrence", 28)[1] == (1 if inside else 0)
    assert days.mean("stress_level", 28)[1] == (5 if inside else 1)
    assert days.days_since("migraine_occurrence", 1.0, 28)[1] == min(gap, 28)


@pytest.mark.parametrize(("gap", "inside"), [(1, True), (28, True), (29, False)])
def test_at_horizon_0_the_window_of_outcomes_begins_yesterday(gap, inside):
    diary = person([0, gap], migraine_occurrence=[1, 1])
    days = windows(diary, 0)
    np.testing.assert_array_equal(days.total("migraine_occurrence", 28), [np.nan, 1 if inside else np.nan])
    np.testing.assert_array_equal(days.today("migraine_occurrence"), [np.nan, np.nan])


def test_a_missing_day_is_not_a_day_with_a_zero():
    diary = person([0, 2], stress_level=[4, 8])
    np.testing.assert_array_equal(windows(diary, 1).back("stress_level", 1), [np.nan, np.nan])
    np.testing.assert_array_equal(windows(diary, 1).mean("stress_level", 7), [4, 6])


def test_a_run_ends_at_a_day_that_was_not_asked():
    diary = person([0, 1, 2, 3, 5], migraine_occurrence=[0, None, 0, 0, 0])
    np.testing.assert_array_equal(windows(diary, 1).run("migraine_occurrence", 0.0, 28), [1, np.nan, 1, 2, 1])


def test_runs_are_capped_at_the_window():
    diary = person(range(40), migraine_occurrence=[1] * 40)
    assert windows(diary, 1).run("migraine_occurrence", 1.0, 28).max() == LOOK_BACK


def test_days_since_is_null_without_an_answer_and_28_without_an_attack():
    diary = person([0, 1, 60], migraine_occurrence=[None, 0, None])
    np.testing.assert_array_equal(windows(diary, 1).days_since("migraine_occurrence", 1.0, 28), [np.nan, 28, np.nan])


def test_quantities_of_a_day_have_windows_like_columns():
    diary = person([0, 1], missed_meals=[1, 0], neck_pain=[None, 1])
    np.testing.assert_array_equal(windows(diary, 1).mean("trigger_index", 7), [1.0, 0.75])


def test_a_column_that_the_diary_lacks_is_like_one_that_was_never_asked():
    lacking, never = windows(person([0, 1]), 1), windows(person([0, 1], stress_level=[None, None]), 1)
    np.testing.assert_array_equal(lacking.today("stress_level"), never.today("stress_level"))
    for method in ("last", "back", "count", "total", "mean"):
        actual, expected = (getattr(days, method)("stress_level", 7) for days in (lacking, never))
        np.testing.assert_array_equal(actual, expected)
    for method in ("days_since", "run"):
        actual, expected = (getattr(days, method)("stress_level", 1.0, 28) for days in (lacking, never))
        np.testing.assert_array_equal(actual, expected)


def test_an_undated_diary_knows_today_and_nothing_else():
    days = windows(undated(2, stress_level=[3, 4], migraine_occurrence=[0, 1]), 0)
    np.testing.assert_array_equal(days.today("stress_level"), [3, 4])
    for history in (
        days.count("stress_level", 28),
        days.mean("stress_level", 7),
        days.last("stress_level", 28),
        days.day(),
    ):
        np.testing.assert_array_equal(history, [np.nan, np.nan])


def test_shared_results_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        windows(person([0]), 1).back("stress_level", 1)[0] = 1.0
