"""The recipe of a served model: the manifest's own, shared by equal ones, applied as in training."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core import contract
from migraine_assets.core.contract import CONTRACT, Bounds, Field
from migraine_assets.core.diary.cleaning import CLIPS, Clip, cleaning_for
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.features.engine import compute
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.plan import Recipe, compile_recipe
from migraine_assets.core.features.table import recipe_of
from migraine_assets.prediction.history_features import HistoryFeatures
from migraine_assets.prediction.loaded import prepare
from migraine_assets.prediction.recipe import PAST, ModelRecipe, model_recipe
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.bundles.provenance import BundleProvenance
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import trained
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest
from serving.contract.requests import request_schema
from serving.input.cases import case_of, histories_of
from serving.input.decoding import decode_predict

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def recipe_for(recipe: Recipe) -> ModelRecipe:
    return model_recipe(
        example_manifest(
            contract=recipe.fields,
            cleaning=recipe.cleaning,
            quantities=recipe.quantities,
            features=recipe.features,
        )
    )


def test_models_that_compute_the_same_share_one_recipe() -> None:
    folder, names = trained()
    bundles = {name: load_bundle(Store(str(folder)), names[name]) for name in ("attack", "attack_2", "severity")}
    models = {name: prepare(bundle, BundleProvenance()) for name, bundle in bundles.items()}
    assert len({model.recipe for model in models.values()}) == 1
    assert models["attack"].takes_all


def test_a_model_with_another_limit_has_a_recipe_of_its_own() -> None:
    one = recipe_of(CONTRACT, cleaning_for(CONTRACT))
    other = replace(one, cleaning=cleaning_for(CONTRACT, (*CLIPS[1:], Clip("sleep_hours", None, 12.0))))
    assert recipe_for(one) is recipe_for(one)
    assert recipe_for(one) is not recipe_for(other)


def test_what_an_answer_says_of_the_past_is_computed_for_a_model_that_does_not_use_it() -> None:
    recipe = recipe_for(recipe_of(CONTRACT, cleaning_for(CONTRACT)).narrowed(["stress_level"]))
    assert recipe.plan.names == ("stress_level", "attacks_28d", "observed_28d", "personal_rate")
    assert [recipe.plan.names[column] for column in recipe.past] == list(PAST)


def test_a_field_that_the_source_does_not_know_is_accepted_and_computed() -> None:
    naps = Field("naps", "number", "exposure", "Naps of the day.", "h", 0, 12)
    fields = CONTRACT.updated((naps,))
    feature = Feature("naps_mean_5d", "mean", ("naps",), 5, "Mean of naps.")
    recipe = Recipe(fields.fields, cleaning_for(fields, (Clip("naps", None, 4.0),)), (), (feature,))
    schema = request_schema(fields)
    body = {"entries": [{"date": "2026-02-01", "naps": 3}, {"date": "2026-02-02", "naps": 9}]}
    case = case_of(decode_predict(json.dumps(body).encode(), schema), now=NOW, schema=schema)
    rows = HistoryFeatures(histories_of([case]), schema.columns, horizon=1).of(recipe_for(recipe))
    assert rows[0, 0] == 3.5


def value(field: contract.Field) -> st.SearchStrategy[object]:
    if field.kind == "category":
        return st.none() | st.sampled_from(field.categories)
    if field.kind == "flag":
        return st.none() | st.integers(0, 1)
    low, high = field.low or 0, 600 if field.high is None else field.high
    edges = st.sampled_from([low, high])
    return st.none() | edges | st.floats(low, high, allow_nan=False).map(lambda x: round(x, 1))


def consistent(day: dict[str, object]) -> dict[str, object]:
    """Set severity and duration to 0 on days without an attack. Otherwise the days would be refused."""
    if day["migraine_occurrence"] != 1:
        return {**day, "migraine_severity": 0.0, "duration_h": None}
    return {**day, "migraine_type": "aura"}


OTHER = CONTRACT.with_bounds({"hydration": Bounds(high=15), "stress_level": Bounds(low=0, high=20)})
RECIPES = (
    recipe_of(CONTRACT, cleaning_for(CONTRACT)),
    recipe_of(OTHER, cleaning_for(OTHER, (Clip("hydration", 1.0, 12.5), Clip("stress_level", None, 15.0)))),
)
DAY = {field.name: value(field) for field in OTHER.fields if field.role != "key"}


@pytest.mark.parametrize("recipe", RECIPES, ids=["of the source", "other bounds and limits"])
@pytest.mark.parametrize("horizon", [0, 1])
@settings(max_examples=40, deadline=None)
@given(days=st.lists(st.fixed_dictionaries(DAY), min_size=1, max_size=3))
def test_a_day_becomes_the_same_row_online_and_in_training(
    days: list[dict[str, object]], recipe: Recipe, horizon: int
) -> None:
    fields = recipe.contract
    for day in days:
        for name in ("hydration", "stress_level"):
            item, number = fields.by_name[name], day[name]
            day[name] = None if number is None else float(np.clip(number, item.low, item.high))  # type: ignore[call-overload]
    dated = [{"date": f"2026-01-0{k + 1}", **consistent(day)} for k, day in enumerate(days)]
    schema = request_schema(fields)
    case = case_of(decode_predict(json.dumps({"entries": dated}).encode(), schema), now=NOW, schema=schema)
    online = HistoryFeatures(histories_of([case]), schema.columns, horizon=horizon).of(recipe_for(recipe))
    frame = pd.DataFrame(dated).assign(participant_id="p", source_file="f", source_row=range(len(days)))
    frame["date"] = pd.to_datetime(frame["date"])
    for item in fields.of_kind("number", "flag"):
        frame[item.name] = frame[item.name].astype("float64")
    cleaned = preprocess(frame, cleaning=recipe.cleaning, contract=fields).diary
    plan = compile_recipe(recipe)
    batch = compute(diary_from_frame(cleaned, contract=fields), horizon=horizon, plan=plan)
    np.testing.assert_array_equal(online[0].view(np.uint32), batch[-1].view(np.uint32))
