"""Validation accepts every row or quarantines it with a reason; each rule has a row that breaks it."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from migraine_assets.core.contract import NAMES, PROVENANCE
from migraine_assets.core.diary.rules import RULES
from migraine_assets.core.diary.schema import validated_schema
from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets_tests.unit.core.raw_frames import TODAY, good_days, kostecki_dillon, park, raw_frame, raw_frames

DAY = datetime.date(2024, 6, 1)


def _validate(frame: pd.DataFrame, *, dated: bool | None = None) -> Validated:
    return validate(frame, today=TODAY, settings=ValidationSettings(), dated=dated)


def _row(**cells: Any) -> dict[str, Any]:
    return {"participant_id": "a", "date": DAY, "migraine_occurrence": 0.0} | cells


def _reason(row: Mapping[str, Any]) -> str:
    """Return the reason why this row is quarantined; a valid row beside it is accepted."""
    result = _validate(raw_frame([row, _row(participant_id="good")]))
    assert len(result.valid) == 1
    (reason,) = result.quarantined["reason"]
    return str(reason)


BAD: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("unreadable", _row(unreadable="age='old' is not a number"), "age='old' is not a number"),
    ("superseded", _row(superseded="superseded by b.csv line 3"), "superseded by b.csv line 3"),
    ("missing_key", _row(participant_id=None), "participant_id is missing"),
    ("missing_key", _row(participant_id="  "), "participant_id is missing"),
    ("missing_key", _row(date=None), "date is missing"),
    (
        "date_range",
        _row(date=datetime.date(1900, 1, 1)),
        "date = 1900-01-01 is before the earliest day accepted, 1980-01-01",
    ),
    (
        "date_range",
        _row(date=datetime.date(2100, 1, 1)),
        "date = 2100-01-01 is in the future: the latest day accepted is 2024-07-01",
    ),
    (
        "whole_days",
        _row(date=datetime.datetime(2024, 6, 1, 13)),
        "date = 2024-06-01 13:00:00 has a time of day",
    ),
    ("neither_0_nor_1", _row(migraine_occurrence=2), "migraine_occurrence = 2 is neither 0 (no) nor 1 (yes)"),
    (
        "contradiction",
        _row(migraine_severity=4),
        "migraine_severity = 4 contradicts migraine_occurrence = 0, no attack on that day",
    ),
    (
        "contradiction",
        _row(duration_h=3),
        "duration_h = 3 contradicts migraine_occurrence = 0, no attack on that day",
    ),
    (
        "contradiction",
        _row(migraine_occurrence=None, migraine_severity=4),
        "migraine_severity = 4 needs migraine_occurrence, which is null: state whether there was an attack",
    ),
    (
        "contradiction",
        _row(migraine_occurrence=1, migraine_severity=0, migraine_type="no_aura"),
        "migraine_severity = 0 contradicts migraine_occurrence = 1 with migraine_type = 'no_aura': "
        "without aura an attack has pain",
    ),
)


BAD_CELLS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("unreadable_cell", "age", _row(nulled="age='old' is not a number")),
    ("not_finite", "air_quality", _row(air_quality=np.inf)),
    ("not_finite", "neck_pain", _row(neck_pain=-np.inf)),
    ("out_of_bounds", "sleep_hours", _row(sleep_hours=31)),
    ("out_of_bounds", "stress_level", _row(stress_level=0)),
    ("out_of_bounds", "humidity", _row(humidity=100.5)),
    ("out_of_bounds", "air_quality", _row(air_quality=-1)),
    ("out_of_bounds", "duration_h", _row(migraine_occurrence=1, duration_h=80)),
    ("neither_0_nor_1", "neck_pain", _row(neck_pain=0.5)),
    ("unknown_category", "sex", _row(sex="X")),
)


@pytest.mark.parametrize(("rule", "field", "row"), BAD_CELLS)
def test_a_bad_cell_becomes_null_and_keeps_its_row(rule: str, field: str, row: Mapping[str, Any]) -> None:
    result = _validate(raw_frame([row, _row(participant_id="good")]))
    assert len(result.valid) == 2
    assert result.quarantined.empty
    assert pd.isna(result.valid[field].iloc[0])
    columns = ["rule", "field", "effect", "rows"]
    assert result.reasons[columns].to_numpy().tolist() == [[rule, field, "nulled", 1]]


@pytest.mark.parametrize(("rule", "row", "reason"), BAD)
def test_a_row_that_breaks_a_rule_is_set_aside_with_a_sentence(rule: str, row: Mapping[str, Any], reason: str) -> None:
    assert _reason(row) == reason
    counted = _validate(raw_frame([row, _row(participant_id="good")])).reasons
    assert counted["rule"].tolist() == [rule]
    assert counted["rows"].tolist() == [1]
    assert "p-1" not in counted.to_csv(), "the counts quote no row"


def test_every_rule_has_a_row_that_breaks_it() -> None:
    tested = (
        {rule for rule, _, _ in BAD} | {rule for rule, _, _ in BAD_CELLS} | {"conflict"}
    )  # which takes two rows; tested below
    assert tested == {rule.name for rule in RULES}


LEGAL: tuple[Mapping[str, Any], ...] = (
    _row(migraine_severity=0.0, duration_h=0.0),
    _row(migraine_occurrence=None, migraine_severity=0.0),
    _row(migraine_occurrence=1, migraine_severity=0.0, migraine_type="aura"),
    _row(migraine_occurrence=1, migraine_severity=0.0),
    _row(migraine_occurrence=1),
    _row(sleep_hours=24, stress_level=1, humidity=0, migraine_occurrence=None),
    _row(date=TODAY + datetime.timedelta(days=1)),
    _row(date=datetime.date(1980, 1, 1)),
)


@pytest.mark.parametrize("row", LEGAL)
def test_a_row_at_the_edge_of_what_is_legal_is_accepted(row: Mapping[str, Any]) -> None:
    result = _validate(raw_frame([row]))
    assert len(result.valid) == 1
    assert result.reasons.empty


def test_a_row_with_two_faults_says_both() -> None:
    reason = _reason(_row(migraine_occurrence=2, participant_id=None))
    assert reason == "migraine_occurrence = 2 is neither 0 (no) nor 1 (yes); participant_id is missing"


def test_a_field_broken_below_and_above_is_counted_once() -> None:
    rows = [_row(sleep_hours=31), _row(participant_id="b", sleep_hours=-1), _row(participant_id="c", sleep_hours=7)]
    counted = _validate(raw_frame(rows)).reasons
    columns = ["rule", "field", "rows", "share"]
    assert counted[columns].to_numpy().tolist() == [["out_of_bounds", "sleep_hours", 2, pytest.approx(2 / 3)]]


def test_a_sentinel_for_not_asked_contradicts_nothing() -> None:
    result = _validate(raw_frame([_row(migraine_severity=999), _row(participant_id="b", duration_h=-99)]))
    assert len(result.valid) == 2
    assert result.valid[["migraine_severity", "duration_h"]].isna().all(axis=None)


def test_rows_in_conflict_are_all_set_aside_and_name_one_another() -> None:
    rows = [
        _row(sleep_hours=7),
        _row(sleep_hours=8, source_file="b.csv", source_row=9),
        _row(sleep_hours=6, source_file="b.csv", source_row=10),
        _row(date=DAY + datetime.timedelta(days=1)),
    ]
    result = _validate(raw_frame([{"source_file": "a.csv", "source_row": i + 2} | row for i, row in enumerate(rows)]))
    assert len(result.valid) == 1
    what = "participant_id = 'a', date = 2024-06-01 is described differently in row"
    assert result.quarantined["reason"].tolist() == [
        f"{what} 9 of b.csv and 1 more",
        f"{what} 2 of a.csv and 1 more",
        f"{what} 2 of a.csv and 1 more",
    ]


def test_a_conflict_names_a_row_that_differs_and_not_a_mere_repetition() -> None:
    result = _validate(raw_frame([_row(sleep_hours=7), _row(sleep_hours=7), _row(sleep_hours=8)]))
    places = [reason.split("row ")[1] for reason in result.quarantined["reason"]]
    assert places == ["4 of a.csv", "4 of a.csv", "2 of a.csv and 1 more"]


def test_identical_rows_are_no_conflict() -> None:
    result = _validate(raw_frame([_row(), _row()]))
    assert len(result.valid) == 2


@pytest.mark.parametrize("note", ["superseded", "unreadable"])
def test_a_row_that_is_superseded_or_unreadable_contradicts_nobody(note: str) -> None:
    result = _validate(raw_frame([_row(sleep_hours=7, **{note: "why"}), _row(sleep_hours=8)]))
    assert result.valid["sleep_hours"].tolist() == [8]
    assert result.quarantined["reason"].tolist() == ["why"]


def test_undated_rows_are_accepted_and_never_in_conflict() -> None:
    result = _validate(raw_frame([_row(date=None, sleep_hours=7), _row(date=None, sleep_hours=8)]))
    assert len(result.valid) == 2


def test_a_dated_source_without_any_date_left_has_no_valid_row() -> None:
    rows = [_row(date=None, unreadable="date='31/31' is not a date"), _row(date=None)]
    result = _validate(raw_frame(rows), dated=True)
    assert result.valid.empty
    assert result.quarantined["reason"].tolist()[1] == "date is missing"


def test_an_empty_frame_gives_two_empty_frames() -> None:
    result = _validate(raw_frame([]))
    assert result.valid.empty
    assert result.quarantined.empty
    assert list(result.quarantined) == [*raw_frame([]), "reason"]


def test_categories_and_integers_are_taken_in_any_dtype() -> None:
    frame = good_days().astype({"sex": "category", "participant_id": "string", "missed_meals": "Int64"})
    result = _validate(frame)
    assert len(result.valid) == len(frame)
    assert result.valid["missed_meals"].dtype == np.float64


@settings(max_examples=40, deadline=None)
@given(raw_frames())
def test_counts_add_up_and_what_is_accepted_keeps_the_strict_schema(raw: pd.DataFrame) -> None:
    before = raw.copy(deep=True)
    result = _validate(raw)
    pd.testing.assert_frame_equal(raw, before)
    assert len(result.valid) + len(result.quarantined) == len(raw)
    places = [*result.valid["source_row"], *result.quarantined["source_row"]]
    assert sorted(places) == raw["source_row"].tolist()
    assert list(result.valid) == [*NAMES, *PROVENANCE]
    assert result.quarantined["reason"].str.len().gt(0).all()
    assert result.reasons["rows"].sum() >= len(result.quarantined)
    validated_schema().validate(result.valid, lazy=True)


@settings(max_examples=20, deadline=None)
@given(raw_frames())
def test_accepted_rows_are_accepted_again(raw: pd.DataFrame) -> None:
    dated = bool(raw["date"].notna().any())
    valid = _validate(raw).valid
    pd.testing.assert_frame_equal(_validate(valid, dated=dated).valid, valid)


def test_real_patients_are_accepted_whole() -> None:
    raw = kostecki_dillon()
    result = _validate(raw)
    assert (len(raw), len(result.valid)) == (4152, 4152)


def test_a_real_undated_diary_counts_its_contradictions() -> None:
    raw = park()
    result = _validate(raw)
    assert len(result.valid) + len(result.quarantined) == len(raw) == 4579
    assert set(result.reasons["rule"]) <= {"contradiction", "missing_key"}
    assert len(result.valid) > 0.95 * len(raw)
