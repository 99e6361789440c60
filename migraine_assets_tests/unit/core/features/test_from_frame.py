import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.features.from_frame import diary_from_frame


def frame(**columns: list) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    start = {"participant_id": ["a"] * rows, "date": pd.date_range("2024-01-01", periods=rows)}
    return pd.DataFrame({**start, **columns})


def test_rows_keep_their_order_and_people_their_place():
    diary = diary_from_frame(frame(participant_id=["b", "b", "x"], age=[30.0, 30.0, 50.0]))
    assert diary.participant.tolist() == [0, 0, 1]
    assert diary.day.tolist() == [19723, 19724, 19725]
    assert diary.columns["age"].tolist() == [30.0, 30.0, 50.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_days_do_not_depend_on_the_unit_of_the_dates(unit):
    dates = pd.to_datetime(["1969-12-31", "1970-01-02"]).as_unit(unit)
    assert diary_from_frame(frame(date=dates)).day.tolist() == [-1, 1]


@pytest.mark.parametrize("dtype", ["object", "category", "str"])
def test_categories_become_numbers_and_other_becomes_null(dtype):
    kinds = pd.Series(["aura", "mixed", "no_aura", "other", None], dtype=dtype)
    sexes = pd.Series(["F", "M", None, "F", "M"], dtype=dtype)
    diary = diary_from_frame(frame(migraine_type=kinds, sex=sexes))
    np.testing.assert_array_equal(diary.columns["aura"], [1.0, 1.0, 0.0, np.nan, np.nan])
    np.testing.assert_array_equal(diary.columns["sex"], [1.0, 0.0, np.nan, 1.0, 0.0])


@pytest.mark.parametrize("dtype", ["float64", "float32", "Int64", "boolean"])
def test_numbers_of_any_dtype_become_float64_with_nan(dtype):
    values = pd.Series([1, None, 0], dtype=dtype)
    np.testing.assert_array_equal(diary_from_frame(frame(fatigue=values)).columns["fatigue"], [1.0, np.nan, 0.0])


def test_a_wholly_null_or_absent_column_is_left_out():
    diary = diary_from_frame(frame(age=[None, None], sex=pd.Series([None, None], dtype=object)))
    assert dict(diary.columns) == {}


def test_what_is_no_contract_field_is_ignored():
    diary = diary_from_frame(frame(source_row=[2, 3], target_attack=[1.0, 0.0], humidity=[40.0, 50.0]))
    assert list(diary.columns) == ["humidity"]


def test_null_dates_or_none_at_all_make_an_undated_diary():
    rows = frame(date=pd.to_datetime([None, None]), fatigue=[1.0, 0.0])
    for undated in (rows, rows.drop(columns="date")):
        diary = diary_from_frame(undated)
        assert not diary.dated
        assert diary.day.tolist() == [0, 0]


def test_some_null_dates_are_refused():
    with pytest.raises(ValueError, match="1 of 2 rows have no date"):
        diary_from_frame(frame(date=pd.to_datetime(["2024-01-01", None])))


def test_a_participant_in_two_places_is_refused():
    with pytest.raises(ValueError, match="sorted by participant"):
        diary_from_frame(frame(participant_id=["a", "b", "a"]))


def test_duplicate_days_are_refused():
    with pytest.raises(ValueError, match="strictly increase"):
        diary_from_frame(frame(date=pd.to_datetime(["2024-01-01"] * 2)))


def test_an_empty_frame_is_an_empty_diary():
    assert len(diary_from_frame(frame(age=[1.0]).iloc[:0])) == 0
