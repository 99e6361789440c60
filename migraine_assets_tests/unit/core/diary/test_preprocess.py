"""Preprocessing: contradictions become null, extremes are clipped, repetitions are dropped; every change is counted."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from migraine_assets.core.contract import BY_NAME
from migraine_assets.core.diary.cleaning import CLIPS, CONTRADICTIONS, Clip, Contradiction
from migraine_assets.core.diary.preprocess import Preprocessed, preprocess
from migraine_assets.core.diary.schema import validated_schema
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets_tests.unit.core.raw_frames import TODAY, good_days, kostecki_dillon, raw_frame, raw_frames

DAY = datetime.date(2024, 6, 1)


def _preprocess(frame: pd.DataFrame) -> Preprocessed:
    return preprocess(_valid(frame))


def _valid(frame: pd.DataFrame) -> pd.DataFrame:
    return validate(frame, today=TODAY, settings=ValidationSettings()).valid


def _of_one_row(**cells: Any) -> Preprocessed:
    return _preprocess(raw_frame([{"participant_id": "a", "date": DAY} | cells]))


def _counts(result: Preprocessed) -> dict[str, int]:
    actions = result.actions[result.actions["count"] > 0]
    return dict(zip(actions["field"], actions["count"], strict=True))


CONTRADICTING_ROWS: dict[str, dict[str, Any]] = {
    "day_too_long": {"sleep_hours": 9, "screen_time": 15.5},
    "good_sleep_without_sleep": {"sleep_hours": 0, "sleep_quality": 6},
    "perimenstrual_man": {"sex": "M", "menstrual_cycle": 1},
    "no_attack": {"migraine_occurrence": 0, "migraine_severity": 0, "duration_h": 0},
}

POSSIBLE_ROWS: tuple[dict[str, Any], ...] = (
    {"sleep_hours": 9, "screen_time": 15},
    {"sleep_hours": 0, "sleep_quality": 5},
    {"sleep_hours": 0.5, "sleep_quality": 6},
    {"sex": "F", "menstrual_cycle": 1},
    {"sex": "M", "menstrual_cycle": 0},
    {"menstrual_cycle": 1},
    {"migraine_occurrence": 1, "migraine_severity": 0, "duration_h": 0},
)


@pytest.mark.parametrize("rule", CONTRADICTIONS, ids=lambda rule: rule.name)
def test_contradicting_values_become_null_and_are_counted(rule: Contradiction) -> None:
    result = _of_one_row(**CONTRADICTING_ROWS[rule.name])
    assert result.diary[list(rule.nulled)].isna().to_numpy().all()
    assert _counts(result) == dict.fromkeys(rule.nulled, 1)


@pytest.mark.parametrize("cells", POSSIBLE_ROWS)
def test_values_at_the_limits_of_the_rules_stay(cells: dict[str, Any]) -> None:
    result = _of_one_row(**cells)
    assert result.diary[list(cells)].to_numpy().tolist()[0] == list(cells.values())
    assert _counts(result) == {}


def test_severity_without_a_known_outcome_is_nulled() -> None:
    assert _of_one_row(migraine_severity=0).diary["migraine_severity"].isna().all()


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.field)
def test_extremes_become_the_limit_and_the_limit_is_on_record(clip: Clip) -> None:
    field = BY_NAME[clip.field]
    for limit, beyond in ((clip.low, field.low), (clip.high, field.high if field.high is not None else 1e6)):
        if limit is None:
            continue
        result = _of_one_row(**{clip.field: beyond})
        assert result.diary[clip.field].tolist() == [limit]
        assert _counts(result) == {clip.field: 1}
    actions = _of_one_row().actions
    clipped = actions[(actions["field"] == clip.field) & (actions["action"] == "clipped")].to_dict("records")[0]
    assert [None if np.isnan(clipped[side]) else clipped[side] for side in ("low", "high")] == [clip.low, clip.high]


def test_repeated_rows_are_dropped_and_counted() -> None:
    frame = pd.concat([good_days(2, 3), good_days(2, 3)], ignore_index=True)
    result = _preprocess(frame)
    assert len(result.diary) == 6
    assert _counts(result) == {"(row)": 6}


def test_rows_that_become_equal_by_cleaning_are_dropped_too() -> None:
    row = {"participant_id": "a", "date": pd.Timestamp(DAY)}
    rows = [row | {"caffeine_intake": 13}, row | {"caffeine_intake": 14}]
    frame = raw_frame(rows).drop(columns=["unreadable", "superseded"])
    assert len(preprocess(frame).diary) == 1


def test_undated_rows_that_look_alike_are_all_kept() -> None:
    row = {"participant_id": "a", "migraine_occurrence": 0}
    assert len(_preprocess(raw_frame([row, row])).diary) == 2


def test_sorted_by_participant_and_date_and_undated_rows_in_file_order() -> None:
    shuffled = good_days(3, 5).sample(frac=1, random_state=1)
    assert _preprocess(shuffled).diary["source_row"].is_monotonic_increasing
    undated = raw_frame([{"participant_id": person} for person in "baba"])
    assert _preprocess(undated).diary["source_row"].tolist() == [3, 5, 2, 4]


def test_the_input_is_not_changed() -> None:
    valid = _valid(good_days().assign(caffeine_intake=20.0, migraine_type="aura"))
    before = valid.copy(deep=True)
    preprocess(valid)
    pd.testing.assert_frame_equal(valid, before)


@settings(max_examples=30, deadline=None)
@given(raw_frames())
def test_a_second_pass_changes_nothing(raw: pd.DataFrame) -> None:
    once = _preprocess(raw)
    again = preprocess(once.diary)
    pd.testing.assert_frame_equal(again.diary, once.diary)
    assert again.actions["count"].sum() == 0
    validated_schema().validate(once.diary, lazy=True)


@settings(max_examples=20, deadline=None)
@given(raw_frames())
def test_every_change_is_counted(raw: pd.DataFrame) -> None:
    valid = _valid(raw)
    result = preprocess(valid)
    dropped = result.actions.loc[result.actions["field"] == "(row)", "count"].sum()
    assert len(valid) - len(result.diary) == dropped
    original = valid.set_index("source_row").loc[result.diary["source_row"]]
    lost = original.notna().sum() - result.diary.set_index("source_row").notna().sum()
    nulled = result.actions[result.actions["action"].str.startswith("nulled")].groupby("field")["count"].sum()
    assert (lost.reindex(nulled.index) <= nulled).all()
    assert lost.drop(nulled.index).sum() == 0


def test_the_one_day_that_a_patient_entered_twice_is_dropped() -> None:
    result = _preprocess(kostecki_dillon())
    assert len(result.diary) == 4151
    assert _counts(result) == {"(row)": 1}
