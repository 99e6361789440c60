"""Cases that no score can decide: the gate refuses to compare, and says so."""

from pathlib import Path

import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.dvc_hash import md5
from migraine_assets.defs.assets.evaluate import _incomparable
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.bundles.bundles import load_bundle, write_bundle
from migraine_assets.stores.bundles.manifest import outcome_of
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(
        store_uri=str(tmp_path / "store"),
        reports=str(tmp_path / "reports"),
        landing=str(tmp_path / "landing"),
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        artifact_root=str(tmp_path / "artifacts"),
    )


DIARY = b"participant_id,date,migraine_occurrence"
VERSION = md5(DIARY)


def _accepted(workspace: Workspace, *, source: str) -> None:
    files = delivery_files.keep(workspace.store, [("diary.csv", DIARY)], identity=VERSION)
    delivery_log.record(
        workspace.store,
        files,
        time="2024-01-01T00:00:00+00:00",
        source=source,
        description=source,
        identity=VERSION,
        accepted=1,
        quarantined=0,
        mapping=None,
        profile={},
        data_version="v",
    )


BURDEN = outcome_of("severity", "burden", CONTRACT, horizon=1)


@pytest.mark.parametrize(
    ("change", "source", "reason"),
    [
        ({}, "table", None),
        ({}, "synthetic", "simulated"),
        ({"horizon": 0}, "table", "another target"),
        ({"outcome": BURDEN}, "table", "another target"),
    ],
)
def test_models_with_other_targets_or_of_simulated_diaries_are_not_compared(
    workspace: Workspace, change: dict[str, object], source: str, reason: str | None
) -> None:
    _accepted(workspace, source="table")
    model = example_model()
    manifest = example_manifest(model, data_version=VERSION)
    incumbent = load_bundle(workspace.store, write_bundle(workspace.store, manifest, model))
    result = _incomparable(workspace, incumbent, example_manifest(model, **change), source=source)
    assert result is None if reason is None else reason in str(result)


def test_a_simulated_model_may_replace_a_simulated_one(workspace: Workspace) -> None:
    _accepted(workspace, source="synthetic")
    model = example_model()
    manifest = example_manifest(model, data_version=VERSION)
    incumbent = load_bundle(workspace.store, write_bundle(workspace.store, manifest, model))
    assert _incomparable(workspace, incumbent, example_manifest(model), source="synthetic") is None
