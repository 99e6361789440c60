"""Profiles count every row and survive JSON; similar days of one participant have a smaller effective sample size."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import FIELDS
from migraine_assets.core.diary.profile import (
    FieldProfile,
    Profile,
    counted_like,
    effective_rows,
    from_json,
    profile,
    stability,
    to_json,
)
from migraine_assets.errors import DataRefused
from migraine_assets_tests.unit.core.raw_frames import good_days, kostecki_dillon, raw_frame, raw_frames


def _field(result: Profile, name: str) -> FieldProfile:
    return next(field for field in result.fields if field.name == name)


@settings(max_examples=25, deadline=None)
@given(raw_frames())
def test_every_row_is_counted_once_in_every_field(frame: pd.DataFrame) -> None:
    result = profile(frame)
    assert [field.name for field in result.fields] == [f.name for f in FIELDS if f.role != "key"]
    assert {field.known + field.missing for field in result.fields} == {len(frame)}
    assert all(len(field.counts) == len(field.labels or (*field.edges, 0)) for field in result.fields)


@settings(max_examples=25, deadline=None)
@given(raw_frames())
def test_json_and_back_is_the_same_profile(frame: pd.DataFrame) -> None:
    result = profile(frame)
    assert from_json(to_json(result)) == result


def test_a_profile_of_an_unknown_format_is_refused() -> None:
    content = json.loads(to_json(profile(good_days()))) | {"format": 99}
    with pytest.raises(DataRefused, match="format 99"):
        from_json(json.dumps(content))


def test_categories_and_flags_are_counted_by_label() -> None:
    rows = [
        {"participant_id": "a", "sex": sex, "yawning": flag}
        for sex, flag in (("F", 1), ("M", 0), ("F", None), (None, 1))
    ]
    result = profile(raw_frame(rows))
    assert (_field(result, "sex").labels, _field(result, "sex").counts) == (("F", "M"), (2, 1))
    assert (_field(result, "yawning").counts, _field(result, "yawning").missing) == ((1, 2), 1)


def test_the_same_frame_counted_again_has_no_drift() -> None:
    frame = good_days()
    for before in profile(frame).fields:
        assert counted_like(before, frame) == before
        assert stability(before, before)[0] == 0


def test_index_of_a_hand_computed_pair() -> None:
    before = FieldProfile("yawning", 0, 200, (100, 100), labels=("0", "1"))
    now = FieldProfile("yawning", 0, 200, (150, 50), labels=("0", "1"))
    p, q = np.array([100.5, 100.5]) / 201, np.array([150.5, 50.5]) / 201
    index, bins = stability(before, now)
    assert index == pytest.approx(np.sum((q - p) * np.log(q / p)))
    assert bins == 2


def test_a_field_that_is_asked_less_often_drifts_by_its_missing_bin() -> None:
    before = FieldProfile("yawning", 0, 200, (100, 100), labels=("0", "1"))
    now = FieldProfile("yawning", 100, 200, (50, 50), labels=("0", "1"))
    index, bins = stability(before, now)
    assert index == pytest.approx(2.7, abs=0.3)
    assert bins == 3


@given(st.integers(2, 20), st.integers(2, 20))
@settings(max_examples=20, deadline=None)
def test_a_static_field_is_worth_its_people_and_an_even_one_its_rows(people: int, days: int) -> None:
    person = np.repeat(np.arange(people), days)
    assert effective_rows(person.astype(np.float64), person) == pytest.approx(people)
    assert effective_rows(np.tile(np.arange(days, dtype=np.float64), people), person) == people * days


def test_one_person_is_worth_one_row_and_flat_tables_all_theirs() -> None:
    values = np.arange(10, dtype=np.float64)
    assert effective_rows(values, np.zeros(10, dtype=np.int64)) == 1
    assert effective_rows(values, np.arange(10)) == 10
    assert effective_rows(values[:0], np.arange(0)) == 0


def test_real_days_of_one_person_are_alike() -> None:
    result = profile(kostecki_dillon())
    assert 100 <= _field(result, "age").effective <= 133  # diaries of unequal length count for less
    assert _field(result, "migraine_occurrence").effective < result.rows / 4
