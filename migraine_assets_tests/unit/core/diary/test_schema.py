"""The schemas follow the contract: each of its bounds, categories and types is violated here."""

import datetime
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from migraine_assets.core.contract import FIELDS, NAMES, PROVENANCE, Field
from migraine_assets.core.diary.schema import raw_schema, validated_schema
from migraine_assets_tests.unit.core.raw_frames import good_days, raw_frame

BOUNDED = [(f, side) for f in FIELDS for side in ("low", "high") if getattr(f, side) is not None]


def _valid() -> pd.DataFrame:
    return good_days(2, 5)[[*NAMES, *PROVENANCE]]


def _refused(frame: pd.DataFrame) -> set[str]:
    """Return the columns that violate the strict schema."""
    with pytest.raises(SchemaErrors) as caught:
        validated_schema().validate(frame, lazy=True)
    return set(caught.value.failure_cases["column"].fillna("")) - {""}


def test_a_good_frame_keeps_both_schemas() -> None:
    raw_schema().validate(good_days(), lazy=True)
    validated_schema().validate(_valid(), lazy=True)


def test_an_empty_frame_keeps_both_schemas() -> None:
    empty = raw_frame([])
    raw_schema().validate(empty, lazy=True)
    validated_schema().validate(empty[[*NAMES, *PROVENANCE]], lazy=True)


@pytest.mark.parametrize(("field", "side"), BOUNDED, ids=lambda part: getattr(part, "name", part))
def test_a_value_beyond_a_bound_is_refused_and_one_on_it_is_not(field: Field, side: str) -> None:
    bound, step = (field.low, -1.0) if side == "low" else (field.high, 1.0)
    assert bound is not None
    bound = float(bound)
    validated_schema().validate(_valid().assign(**{field.name: bound}), lazy=True)
    assert _refused(_valid().assign(**{field.name: bound + step})) == {field.name}


@pytest.mark.parametrize("name", [field.name for field in FIELDS if field.kind == "category"])
def test_a_category_outside_the_contract_is_refused(name: str) -> None:
    assert _refused(_valid().assign(**{name: "neither"})) == {name}


@pytest.mark.parametrize("name", [field.name for field in FIELDS if field.kind == "flag"])
def test_a_flag_between_no_and_yes_is_refused(name: str) -> None:
    assert _refused(_valid().assign(**{name: 0.5})) == {name}


SPOILED: tuple[tuple[str, Callable[[pd.DataFrame], Any]], ...] = (
    ("participant_id", lambda frame: [None, *frame["participant_id"][1:]]),
    ("participant_id", lambda frame: [" ", *frame["participant_id"][1:]]),
    ("participant_id", lambda frame: range(len(frame))),
    ("date", lambda frame: [pd.NaT, *frame["date"][1:]]),
    ("date", lambda frame: frame["date"] + datetime.timedelta(hours=1)),
    ("date", lambda frame: frame["date"].astype(str)),
    ("age", lambda frame: frame["age"].astype("int64")),
    ("air_quality", lambda _: float("inf")),
    ("source_row", lambda frame: frame["source_row"] - 3),
    ("source_file", lambda _: 7),
)


@pytest.mark.parametrize(("name", "spoil"), SPOILED)
def test_a_wrong_type_null_key_or_place_is_refused(name: str, spoil: Callable[[pd.DataFrame], Any]) -> None:
    assert _refused(_valid().assign(**{name: spoil(_valid())})) == {name}


def test_dates_may_be_missing_on_all_rows() -> None:
    validated_schema().validate(_valid().assign(date=pd.Series(pd.NaT, index=range(10))), lazy=True)


def test_unknown_and_missing_columns_are_refused() -> None:
    for frame in (_valid().assign(shoe_size=40), _valid().drop(columns="age")):
        with pytest.raises(SchemaErrors):
            validated_schema().validate(frame, lazy=True)
    with pytest.raises(SchemaErrors):
        raw_schema().validate(good_days().drop(columns="source_row"), lazy=True)


def test_categorical_and_string_dtypes_hold_text_too() -> None:
    validated_schema().validate(_valid().astype({"sex": "category", "migraine_type": "string"}), lazy=True)


def test_the_raw_schema_lets_values_out_of_bounds_pass_but_no_wrong_type() -> None:
    raw_schema().validate(good_days().assign(sleep_hours=31, sex="X"), lazy=True)
    for name, value in (("sleep_hours", "seven"), ("date", "2024-01-01"), ("sex", 1)):
        with pytest.raises(SchemaErrors):
            raw_schema().validate(good_days().assign(**{name: value}), lazy=True)
