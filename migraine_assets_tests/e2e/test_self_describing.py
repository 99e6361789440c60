"""A model trained with other bounds, clips, fields and horizon is served with them, through parameters alone."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import numpy as np
import pandas as pd
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.definitions import build_defs
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.registry.champions import promote
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.small_diary import PARAMS, diary
from migraine_assets_tests.unit.serving.trained import records_of, running
from serving.services import Services

# In the source, hydration is 0 to 10 l and clipped at 6, sleep is clipped at 18 h, and stress is not clipped.
OWN = {
    "hrv",
    "hrv_mean_7d",
    "hrv_mean_28d",
    "hrv_deviation",
    "hrv_change",
    "chronotype",
    "night_shift",
    "night_shift_mean_7d",
}
OTHER = """\
contract:
  bounds:
    hydration: {high: 15}
    humidity: {low: 20}
  fields:
    hrv: {kind: number, unit: ms, low: 0, high: 300, description: Heart rate variability.,
          features: [today, mean_7d, mean_28d, deviation, change]}
    chronotype: {kind: category, role: static, description: Chronotype., categories: {lark: 0, owl: 1}}
    night_shift: {kind: flag, description: Worked at night., features: [today, mean_7d]}
outcome: {horizon: 3}
preprocess:
  clips:
    - {field: hydration, low: 1, high: 12.5}
    - {field: stress_level, low: null, high: 8}
"""
STATIC = ("age", "sex", "chronotype")
TRAINED = ("classifiers/logistic_regression", "regressors/ridge")
ASSETS = (
    "raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary", "features", "folds", *TRAINED,
)  # fmt: skip


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    """A diary with values that only the other bounds and limits accept, keep or change."""
    frame = diary()
    random = np.random.default_rng(3)
    frame["hydration"] = np.round(random.uniform(0, 14.5, len(frame)), 1)
    frame["humidity"] = np.round(random.uniform(20, 90, len(frame)), 0)
    frame["screen_time"] = np.round(random.uniform(0, 23, len(frame)), 1)
    frame["hrv"] = np.round(random.uniform(10, 120, len(frame)), 1)
    frame["night_shift"] = random.integers(0, 2, len(frame)).astype(float)
    frame["chronotype"] = np.where(frame["participant_id"] < "p05", "lark", "owl")
    frame.loc[frame.index % 7 == 0, ["hydration", "screen_time", "hrv", "night_shift"]] = np.nan
    return frame


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, days: pd.DataFrame) -> Home:
    home = Home.make(tmp_path_factory.mktemp("other"))
    home.params.write_text(PARAMS + OTHER)
    days.to_csv(home.landing / "diary.csv", index=False)
    with home.entered(), open_instance(Settings()) as instance:
        job = build_defs().resolve_implicit_global_asset_job_def()
        keys = [dg.AssetKey(name.split("/")) for name in ASSETS]
        assert job.execute_in_process(instance=instance, asset_selection=keys).success
    for task, key in zip(("attack", "severity"), TRAINED, strict=True):
        when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        promote(home.store, task, champion=home.asset(key).bundle, who="ann", when=when, why=("only one",))
    return home


@pytest.fixture(scope="module")
def service(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    with running(home.store, tmp_path_factory.mktemp("node")) as both:
        yield both


def body(days: pd.DataFrame, participant: str, day: pd.Timestamp) -> dict[str, Any]:
    own = days[(days["participant_id"] == participant) & (days["date"] <= day)].tail(60)
    static = {name: own[name].iloc[0] for name in STATIC}
    daily = own.drop(columns=["participant_id", *STATIC]).assign(date=own["date"].dt.strftime("%Y-%m-%d"))
    entries = json.loads(daily.to_json(orient="records"))
    for entry in entries:
        entry["migraine_severity"] = entry["migraine_severity"] if entry["migraine_occurrence"] else None
    return {"participant_id": participant, "entries": entries, **static, "age": int(static["age"])}


def test_no_row_was_refused_and_the_limits_changed_some(home: Home) -> None:
    assert home.asset("quarantined_rows").frame.rows == 0
    actions = home.asset("preprocessed_diary").actions_frame()
    clipped = actions[actions["action"] == "clipped"].set_index("field")["count"].astype(int)
    assert set(clipped.index) == {"hydration", "stress_level"}
    assert (clipped > 0).all()


def test_the_bundle_says_how_it_was_trained(home: Home) -> None:
    manifest = load_manifest(home.store, home.pointer.tasks["attack"].champion)
    fields = manifest.recipe.contract.by_name
    assert (fields["hydration"].high, fields["humidity"].low) == (15, 20)
    clips = {clip.field: (clip.low, clip.high) for clip in manifest.cleaning.clips}
    assert clips == {"hydration": (1, 12.5), "stress_level": (None, 8)}


def test_custom_fields_become_features_with_their_operations(home: Home) -> None:
    trained = set(home.asset("features").names)
    assert trained >= OWN
    manifest = load_manifest(home.store, home.pointer.tasks["attack"].champion)
    assert set(manifest.names) & OWN
    fields = manifest.recipe.contract.by_name
    assert (fields["hrv"].unit, fields["hrv"].high) == ("ms", 300)
    profile = delivery_log.read_log(home.store)[-1].acceptance.profile
    assert {"hrv", "chronotype", "night_shift"} <= {field["name"] for field in profile["fields"]}


def test_the_served_row_is_the_training_row_bit_for_bit(
    home: Home, service: tuple[httpx.Client, Services], days: pd.DataFrame
) -> None:
    client, services = service
    names = list(load_manifest(home.store, home.pointer.tasks["attack"].champion).names)
    trained = read_frame(home.store, home.asset("features").frame, ["participant_id", "date", *names])
    expected_rows = {}
    for row in range(3, len(trained), 41):
        participant, day = trained["participant_id"].iloc[row], trained["date"].iloc[row]
        response = client.post("/predict", json=body(days, participant, day))
        assert response.status_code == 200, response.text
        assert response.json()["for_date"] == (day + pd.Timedelta(days=3)).date().isoformat()
        expected_rows[response.json()["prediction_id"]] = trained[names].iloc[row].to_numpy(np.float32)
    served = {record.id: record.features["attack"] for record in records_of(services, home.store)}
    assert len(expected_rows) > 10
    for prediction, expected in expected_rows.items():
        features = np.array([np.nan if value is None else value for value in served[prediction]], dtype=np.float32)
        np.testing.assert_array_equal(features.view(np.uint32), expected.view(np.uint32))
    # A clip of the source would have changed some of these rows.
    position = names.index("hydration")
    assert max(row[position] for row in expected_rows.values() if row[position] == row[position]) > 6


def test_requests_are_checked_against_the_bounds_of_the_model(service: tuple[httpx.Client, Services]) -> None:
    client, _ = service
    accepted = client.post("/predict", json={"hydration": 14, "humidity": 30})
    assert accepted.status_code == 200
    limited = [w for w in accepted.json()["warnings"] if w["code"] == "value_limited"]
    assert limited[0]["fields"] == ["hydration"]
    assert client.post("/predict", json={"hrv": 301}).status_code == 422
    assert client.post("/predict", json={"chronotype": "finch"}).status_code == 422
    for wrong in ({"hydration": 15.5}, {"humidity": 10}):
        refused = client.post("/predict", json=wrong)
        assert refused.status_code == 422
        [error] = refused.json()["errors"]
        assert ("0 to 15 l" if "hydration" in wrong else "20 to 100 %") in error["accepted"]
    schema = client.get("/openapi.json").json()["components"]["schemas"]["Entry"]["properties"]["hydration"]
    assert json.dumps(schema).count("15") == 1
    own = client.get("/openapi.json").json()["components"]["schemas"]["Entry"]["properties"]["hrv"]
    assert "Heart rate variability" in json.dumps(own)


def test_a_table_is_checked_and_computed_in_the_same_way(
    home: Home, service: tuple[httpx.Client, Services], days: pd.DataFrame, tmp_path: Path
) -> None:
    client, services = service
    one = days[days["participant_id"] == "p03"].tail(40).copy()
    one["date"] = one["date"].dt.date
    one.loc[one["migraine_occurrence"] == 0, "migraine_severity"] = np.nan
    one.to_parquet(tmp_path / "rows.parquet", index=False)
    headers = {"content-type": "application/vnd.apache.parquet"}
    response = client.post("/predict/batch", content=(tmp_path / "rows.parquet").read_bytes(), headers=headers)
    assert response.status_code == 200, response.text
    (tmp_path / "answer.parquet").write_bytes(response.content)
    [answer] = pd.read_parquet(tmp_path / "answer.parquet").to_dict("records")
    names = list(load_manifest(home.store, home.pointer.tasks["attack"].champion).names)
    trained = read_frame(home.store, home.asset("features").frame, ["participant_id", *names])
    expected = trained.loc[trained["participant_id"] == "p03", names].iloc[-1].to_numpy(np.float32)
    [row] = [r.features["attack"] for r in records_of(services, home.store) if r.id == answer["prediction_id"]]
    features = np.array([np.nan if value is None else value for value in row], dtype=np.float32)
    np.testing.assert_array_equal(features.view(np.uint32), expected.view(np.uint32))
