"""The declarations of the table match its functions: inputs, windows, and values computed by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core import contract
from migraine_assets.core.features.diary import Diary, column_of
from migraine_assets.core.features.engine import NAMES, compute
from migraine_assets.core.features.table import FEATURES, PRIOR_DAYS, PRIOR_RATE, default_recipe
from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets_tests.unit.core.diaries import changed, diaries, person, undated

INPUTS = default_recipe().inputs
RELIED_ON = ("attack_today", "attacks_28d", "observed_28d", "severity_last", "severity_mean_28d", "attack_last")


def feature(diary: Diary, name: str, *, horizon: int = 1) -> list[float]:
    return compute(diary, horizon=horizon)[:, NAMES.index(name)].tolist()


def test_names_are_unique_and_those_that_others_rely_on_exist():
    assert len(set(NAMES)) == len(NAMES)
    assert set(RELIED_ON) <= set(NAMES)


@pytest.mark.parametrize("row", FEATURES, ids=lambda row: row.name)
def test_every_feature_has_a_description_a_window_and_inputs(row):
    assert row.description.endswith(".")
    assert 1 <= row.window <= LOOK_BACK
    assert INPUTS[row.name]
    assert set(INPUTS[row.name]) <= set(contract.NAMES)


def test_every_field_of_the_diary_is_used():
    assert {name for fields in INPUTS.values() for name in fields} == set(contract.NAMES) - {"participant_id"}


def test_every_exposure_is_a_feature_of_its_own_day():
    own_day = {INPUTS[row.name] for row in FEATURES if row.window == 1}
    assert own_day >= {(name,) for name in contract.names("static", "exposure", "premonitory")}


@settings(max_examples=25, deadline=None)
@given(
    diary=diaries(longest=30),
    field=st.sampled_from([name for name in contract.NAMES if contract.BY_NAME[name].role != "key"]),
    horizon=st.sampled_from([0, 1]),
)
def test_a_feature_depends_on_its_declared_inputs_alone(diary, field, horizon):
    other = changed(diary, np.ones(len(diary), dtype=np.bool_), [column_of(field)])
    differs = (compute(diary, horizon=horizon).view(np.uint32) != compute(other, horizon=horizon).view(np.uint32)).any(
        0
    )
    assert {row.name for row in FEATURES if field not in INPUTS[row.name]}.isdisjoint(np.array(NAMES)[differs])


@settings(max_examples=25, deadline=None)
@given(diary=diaries(longest=30), before=st.integers(0, 29), horizon=st.sampled_from([0, 1]), at=st.floats(0, 1))
def test_a_feature_looks_no_further_back_than_its_window(diary, before, horizon, at):
    row = int(at * (len(diary) - 1))
    old = diary.day <= diary.day[row] - before
    mine, other = (compute(d, horizon=horizon)[row] for d in (diary, changed(diary, old, list(diary.columns))))
    for feature, same in zip(FEATURES, mine.view(np.uint32) == other.view(np.uint32), strict=True):
        # At horizon 0 the window of an outcome ends yesterday, so it begins a day earlier too.
        assert same or before < feature.window + (1 - horizon), feature.name


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("stress_x_sleep", {"stress_level": [4], "sleep_hours": [7]}, 28),
        ("stress_x_sleep", {"stress_level": [4], "sleep_hours": [None]}, np.nan),
        ("weather_x_dehydration", {"weather_changes": [1], "dehydration": [0]}, 0),
        ("screen_x_sleep", {"screen_time": [5], "sleep_hours": [6]}, 30),
        ("caffeine_x_alcohol", {"caffeine_intake": [3], "alcohol_intake": [2]}, 6),
        ("stress_squared", {"stress_level": [9]}, 81),
        ("sleep_squared", {"sleep_hours": [8]}, 64),
        ("screen_squared", {"screen_time": [5]}, 25),
        ("trigger_count", {"missed_meals": [1], "neck_pain": [1]}, 2),
        ("attacks_7d", {"migraine_occurrence": [1, 0, None, 1]}, 2),
        ("attacks_28d", {"migraine_occurrence": [None]}, np.nan),
        ("observed_28d", {"migraine_occurrence": [1, 0, None, 1]}, 3),
        ("observed_28d", {"migraine_occurrence": [None]}, 0),
        ("personal_rate", {"migraine_occurrence": [0, 1]}, (1 + PRIOR_DAYS * PRIOR_RATE) / (2 + PRIOR_DAYS)),
        ("personal_rate", {"migraine_occurrence": [None]}, np.nan),
        ("personal_severity", {"migraine_severity": [8, None, 6]}, (14 + 4 * 5.7) / 6),
        ("personal_severity", {"migraine_severity": [None]}, np.nan),
        ("attack_last", {"migraine_occurrence": [0, 1, None]}, 1),
        ("days_since_attack", {"migraine_occurrence": [1, None, 0]}, 2),
        ("attack_streak", {"migraine_occurrence": [0, 1, 1]}, 2),
        ("attack_free_days", {"migraine_occurrence": [1, 0, 0]}, 2),
        ("severity_last", {"migraine_severity": [7, 3, None]}, 3),
        ("severity_mean_28d", {"migraine_severity": [7, 3, None]}, 5),
        ("duration_mean_28d", {"duration_h": [4, None, 8]}, 6),
        ("medication_28d", {"medication": [1, 0, 1]}, 2),
        ("stress_mean_7d", {"stress_level": [9, *[1] * 7]}, 1),
        ("stress_mean_14d", {"stress_level": [8, *[1] * 6]}, 2),
        ("stress_deviation", {"stress_level": [2, 4]}, 1),
        ("stress_letdown", {"stress_level": [9, 4]}, 5),
        ("stress_letdown", {"stress_level": [4, 9]}, 0),
        ("stress_letdown", {"stress_level": [4, None]}, np.nan),
        ("caffeine_drop", {"caffeine_intake": [5, 1]}, 4),
        ("pressure_change", {"weather_pressure": [1010, 1000]}, -10),
        ("sleep_debt_7d", {"sleep_hours": [6, None, 7]}, 3),
        ("sleep_debt_7d", {"sleep_hours": [9, 8]}, 0),
        ("sleep_debt_7d", {"sleep_hours": [None]}, np.nan),
    ],
)
def test_values_by_hand(name, columns, expected):
    diary = person(range(len(next(iter(columns.values())))), **columns)
    np.testing.assert_equal(feature(diary, name)[-1], np.float32(expected))


def test_a_gap_breaks_a_change_since_yesterday():
    diary = person([0, 2], stress_level=[9, 4], weather_pressure=[1000, 990])
    assert np.isnan([feature(diary, "stress_letdown"), feature(diary, "pressure_change")]).all()


@pytest.mark.parametrize(("horizon", "expected"), [(0, [0, 0, 0, 0, 0, 1, 1]), (1, [0, 0, 0, 0, 1, 1, 0])])
def test_the_weekend_is_that_of_the_predicted_day(horizon, expected):
    """Day 0 of `person` is a Monday."""
    assert feature(person(range(7)), "target_weekend", horizon=horizon) == expected


@pytest.mark.parametrize("name", ["attack_today", "medication_today"])
def test_what_an_attack_is_or_causes_is_hidden_on_the_predicted_day(name):
    diary = person([0, 1], migraine_occurrence=[1, 1], medication=[1, 1])
    assert feature(diary, name, horizon=1) == [1, 1]
    assert np.isnan(feature(diary, name, horizon=0)).all()


def test_without_dates_only_the_day_itself_is_known():
    columns = {column_of(name): [1.0] for name in contract.NAMES if contract.BY_NAME[name].role != "key"}
    row = compute(undated(1, **columns), horizon=0)[0]
    known = {name for name, value in zip(NAMES, row, strict=True) if value == value}
    hidden = {"attack_today", "medication_today", "target_weekend"}
    assert known == {row.name for row in FEATURES if row.window == 1} - hidden
