"""The service's commands."""

import datetime as dt
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from migraine_assets.cli.documents.registry import DOCUMENTS
from migraine_assets.errors import ConfigurationError, DataRefused, StoreError
from migraine_assets.prediction.model_set import ModelNotReady
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.service import put_champion
from migraine_assets_tests.unit.stores.prediction_log.log_records import SECRET, prediction_record
from serving.access.api_keys import KeyRing
from serving.cli import app
from serving.log.writer import open_prediction_log
from serving.settings import ServingSettings


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("MIGRAINE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return Store(str(tmp_path / "store"))


def output_of(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception:
        raise result.exception
    return result.output


def logged(store: Store, *, output: float) -> PredictionRecord:
    bundle = put_champion(store, weight=0.01)
    row = [1.0, 8.0, 5.5]
    number = float(load_bundle(store, bundle).predict(np.array([row], dtype=np.float32))[0])
    record = replace(
        prediction_record(), features={"attack": row}, bundles={"attack": bundle}, outputs={"attack": number + output}
    )
    log = open_prediction_log(store, secret=SECRET, settings=ServingSettings())
    log.append(record)
    log.close()
    return record


def test_a_key_is_created_listed_and_revoked(store: Store) -> None:
    key = output_of("keys", "create", "the app").splitlines()[0]
    identity = KeyRing(store, required=True).check(key)
    assert identity
    listed = output_of("keys", "list")
    assert identity in listed
    assert key not in listed
    assert "was revoked at" in output_of("keys", "revoke", identity)
    assert KeyRing(store, required=True).check(key) is None


@pytest.mark.usefixtures("store")
def test_another_key_of_the_same_name_is_said_to_share_its_diaries() -> None:
    assert "diaries" not in output_of("keys", "create", "clinic")
    assert "named 'clinic'" in output_of("keys", "create", "clinic")


@pytest.mark.usefixtures("store")
def test_a_new_key_says_whether_the_service_requires_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SERVING_API_KEYS_REQUIRED=true" in output_of("keys", "create", "one")
    monkeypatch.setenv("SERVING_API_KEYS_REQUIRED", "true")
    assert "SERVING_API_KEYS_REQUIRED" not in output_of("keys", "create", "two")


def test_an_empty_list_says_how_to_create_a_key() -> None:
    assert "keys create" in output_of("keys", "list")


def test_a_prediction_is_reproduced(store: Store) -> None:
    output = output_of("replay", logged(store, output=0.0).id)
    assert "same" in output
    assert "DIFFERENT" not in output


def test_a_recomputed_prediction_is_printed_as_json(store: Store) -> None:
    record = logged(store, output=0.0)
    document = msgspec.json.decode(output_of("replay", record.id, "--json"), type=DOCUMENTS["replay"])
    assert document.prediction_id == record.id
    assert [line.result for line in document.predictions] == ["same"]
    assert document.predictions[0].bundle == record.bundles["attack"]


def test_a_prediction_that_differs_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="1 of 1"):
        output_of("replay", logged(store, output=1e-9).id)


@pytest.mark.usefixtures("store")
def test_an_unknown_prediction_is_refused() -> None:
    with pytest.raises(DataRefused):
        output_of("replay", "nothing")


def test_a_rollout_is_started_shown_and_stopped(store: Store) -> None:
    old, new = put_champion(store, weight=0.01), put_champion(store, weight=0.02)
    promote(store, "attack", champion=new, challenger=old, who="t", when=dt.datetime.now(dt.UTC), why=("t",))
    assert re.search(
        rf"{old[:12]}.*canary.*25 %.*{new[:12]}",
        output_of("rollout", "start", "attack", "canary", "--percent", "25", "--bundle", old[:9]),
    )
    shown = output_of("rollout", "show")
    assert old in shown
    assert new in shown
    assert "has ended" in output_of("rollout", "stop", "attack")
    assert "no rollout" in output_of("rollout", "show")


@pytest.mark.usefixtures("store")
def test_an_unknown_mode_is_refused() -> None:
    result = CliRunner().invoke(app, ["rollout", "start", "attack", "yolo"])
    assert result.exit_code == ConfigurationError.exit_code
    assert "'shadow', 'canary', 'ab'" in result.output


@pytest.mark.usefixtures("store")
def test_invalid_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_RATE_LIMIT", "-3")
    with pytest.raises(ConfigurationError, match="SERVING_RATE_LIMIT"):
        output_of("serve")


def test_the_page_without_a_service_needs_a_promoted_model(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelNotReady, match="No model has been promoted yet"):
        output_of("edge", "build", str(tmp_path / "site"))
    put_champion(store, weight=0.01)
    (tmp_path / "site").write_text("a file")
    with pytest.raises(ConfigurationError, match="is not a folder"):
        output_of("edge", "build", str(tmp_path / "site"))
