import numpy as np
import pytest

from migraine_assets.core import contract
from migraine_assets.core.features.diary import COLUMNS, ENCODINGS, Diary, check_horizon, column_of
from migraine_assets_tests.unit.core.diaries import person, undated


def keys(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_every_contract_field_but_the_keys_has_one_column():
    assert len(COLUMNS) == len(set(COLUMNS)) == len(contract.FIELDS) - 2


def test_every_category_of_the_contract_is_encoded_or_says_nothing():
    for field in contract.FIELDS:
        if field.kind == "category":
            assert set(field.categories) - set(ENCODINGS[field.name].numbers) <= {"other"}


def test_a_category_lives_in_the_column_of_its_encoding():
    assert (column_of("migraine_type"), column_of("sex"), column_of("age")) == ("aura", "sex", "age")


def test_an_absent_column_is_null_everywhere():
    assert np.isnan(person([0, 1], age=[30, 30]).values("humidity")).all()


def test_several_undated_rows_of_one_participant_are_allowed():
    assert len(Diary(keys(0, 0, 1), keys(0, 0, 0), False, {})) == 3


@pytest.mark.parametrize(
    ("participant", "day", "dated", "message"),
    [
        (keys(1, 0), keys(5, 5), True, "sorted by participant"),
        (keys(0, 0), keys(5, 5), True, "strictly increase"),
        (keys(0, 0), keys(6, 5), True, "strictly increase"),
        (keys(0, 1), keys(0, 5), False, "undated"),
        (keys(0, 1), keys(5), True, "2 rows, day has 1"),
        (np.array([0, 1], dtype=np.int32), keys(5, 6), True, "participant must be int64"),
        (keys(0, 1), np.array([5.0, 6.0]), True, "day must be int64"),
        (keys(0, 1).reshape(1, 2), keys(5, 6), True, r"not int64\[1, 2\]"),
    ],
)
def test_keys_that_break_an_invariant_are_refused(participant, day, dated, message):
    with pytest.raises(ValueError, match=message):
        Diary(participant, day, dated, {})


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("age", np.zeros(3), r"must be float64\[2\], not float64\[3\]"),
        ("age", np.zeros(2, dtype=np.float32), "not float32"),
        ("age", np.array([np.nan, np.inf]), "infinite"),
        ("age", np.array([np.nan, -np.inf]), "infinite"),
        ("air_quality", np.array([2e9, 1.0]), "above 1e"),
    ],
)
def test_columns_that_break_an_invariant_are_refused(name, values, message):
    with pytest.raises(ValueError, match=message):
        Diary(keys(0, 1), keys(5, 6), True, {name: values})


def test_null_and_empty_columns_are_fine():
    assert len(person([], age=[])) == 0
    assert len(person([0], age=[None])) == 1


@pytest.mark.parametrize("horizon", [-1, 8, 100, 1.0])
def test_a_horizon_is_a_number_of_days_up_to_a_week(horizon):
    with pytest.raises(ValueError, match="horizon"):
        check_horizon(person([0]), horizon)


def test_an_undated_diary_has_no_tomorrow():
    check_horizon(undated(1), 0)
    with pytest.raises(ValueError, match="undated"):
        check_horizon(undated(1), 1)
