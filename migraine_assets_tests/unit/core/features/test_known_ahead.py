"""Inputs that are known ahead: the value of the predicted day is an input of the day before it."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.custom_fields import CustomField, with_custom_fields
from migraine_assets.core.diary.cleaning import cleaning_for
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.features.engine import available
from migraine_assets.core.features.known_ahead import with_known_ahead
from migraine_assets.core.features.matrix import feature_rows
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.core.features.table import default_recipe, recipe_of
from migraine_assets.errors import ConfigurationError
from migraine_assets.prediction.history_features import HistoryFeatures
from migraine_assets.prediction.recipe import model_recipe
from migraine_assets_tests.unit.core.diaries import person
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest
from serving.contract.requests import request_schema
from serving.input.cases import case_of, histories_of
from serving.input.decoding import decode_predict

OWN = {
    "cycle_day": CustomField("number", "Day of the cycle.", role="known_ahead", low=1, high=40),
    "shift": CustomField("category", "Shift.", role="known_ahead", categories={"day": 0, "night": 1}),
}
FIELDS = with_custom_fields(CONTRACT, OWN).with_known_ahead(["weather_pressure", "menstrual_cycle"])
RECIPE = recipe_of(FIELDS, cleaning_for(FIELDS))
AHEAD = ["weather_pressure_ahead", "menstrual_cycle_ahead", "cycle_day_ahead", "shift_ahead"]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_the_value_is_that_of_the_day_that_is_predicted() -> None:
    diary = person([0, 1, 3], weather_pressure=[1000, 1010, 1020])
    assert with_known_ahead(diary, FIELDS, 2).columns["weather_pressure_ahead"][1] == 1020
    tomorrow = with_known_ahead(diary, FIELDS, 1).columns["weather_pressure_ahead"]
    np.testing.assert_array_equal(tomorrow, [1010, np.nan, np.nan])
    assert "weather_pressure_ahead" not in with_known_ahead(diary, FIELDS, 0).columns


def test_known_ahead_adds_features_and_changes_no_other() -> None:
    names = tuple(name for name in RECIPE.names if name not in {"cycle_day", "shift", *AHEAD})
    assert names == default_recipe().names
    assert set(AHEAD) <= set(RECIPE.names)
    assert RECIPE.quantities == default_recipe().quantities
    same_day = with_known_ahead(person([0], weather_pressure=[1000]), FIELDS, 0)
    assert not set(AHEAD) & set(available(same_day, plan=compile_recipe(RECIPE)))


def _day(k: int) -> dict[str, object]:
    return {
        "date": f"2026-01-{k + 1:02d}",
        "sex": "M" if k % 5 == 0 else "F",
        "weather_pressure": 900 + 40 * (k % 5),
        "menstrual_cycle": k % 2,
        "cycle_day": 1 + k,
        "shift": ("day", "night", None)[k % 3],
        "stress_level": 1 + k % 9,
        "migraine_occurrence": int(k % 4 == 0),
    }


@pytest.mark.parametrize("horizon", [1, 3])
def test_the_row_online_is_the_row_of_the_batch_bit_for_bit(horizon: int) -> None:
    """Pressures are clipped on the predicted day as on any other, and a man has no perimenstrual day."""
    frame = pd.DataFrame([_day(k) for k in range(20)])
    frame["sex"] = "M"
    frame = frame.assign(participant_id="p", source_file="f", source_row=range(20))
    frame["date"] = pd.to_datetime(frame["date"])
    for item in FIELDS.fields:
        if item.kind in ("number", "flag"):
            frame[item.name] = frame[item.name].astype("float64") if item.name in frame else np.nan
        elif item.name not in frame:
            frame[item.name] = None
    cleaned = preprocess(frame, cleaning=cleaning_for(FIELDS), contract=FIELDS).diary
    plan = compile_recipe(RECIPE)
    batch = feature_rows(cleaned, horizon=horizon, plan=plan)
    used = RECIPE.narrowed(batch.names)
    manifest = example_manifest(
        contract=used.fields, cleaning=used.cleaning, quantities=used.quantities, features=used.features
    )
    recipe = model_recipe(manifest)
    schema = request_schema(RECIPE.contract)
    for row in (2, 9, 19 - horizon):
        entries = [_day(k) | {"sex": "M"} for k in range(row + 1)]
        target = _day(row + horizon)
        entries[-1] |= {f"{name}_ahead": target[name] for name in ("weather_pressure", "menstrual_cycle", *OWN)}
        case = case_of(decode_predict(json.dumps({"entries": entries}).encode(), schema), now=NOW, schema=schema)
        online = HistoryFeatures(histories_of([case]), schema.columns, horizon=horizon).of(recipe)[0]
        expected = batch.frame.loc[row, list(batch.names)].to_numpy(np.float32)
        got = online[[recipe.plan.names.index(name) for name in batch.names]]
        np.testing.assert_array_equal(got.view(np.uint32), expected.view(np.uint32))
        assert batch.frame.loc[row, "weather_pressure_ahead"] == max(920, target["weather_pressure"])  # type: ignore[call-overload]
        assert np.isnan(batch.frame.loc[row, "menstrual_cycle_ahead"]) == (target["menstrual_cycle"] == 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("weather_presure", "Did you mean 'weather_pressure'"), ("medication", "must be an exposure"), ("sex", "must be")],
)
def test_what_cannot_be_known_ahead_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        CONTRACT.with_known_ahead([name])
