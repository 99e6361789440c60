"""What assets log to MLflow says whether its participants were simulated."""

import dataclasses
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.defs.mlflow import log_model, register
from migraine_assets.defs.refs import Chosen, FeaturesRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.defs.test_refs import VALUES
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model

FEATURES: FeaturesRef = VALUES[1]  # type: ignore[assignment]
MODEL: ModelRef = VALUES[3]  # type: ignore[assignment]


@pytest.mark.filterwarnings("ignore")  # raised by mlflow's own modules on first import
def test_runs_and_versions_say_whether_participants_were_simulated(tmp_path: Path) -> None:
    import mlflow

    store, uri = Store(str(tmp_path / "store")), f"sqlite:///{tmp_path / 'mlflow.db'}"
    workspace = Workspace(
        store_uri=store.uri,
        reports=str(tmp_path / "reports"),
        landing=str(tmp_path / "landing"),
        tracking_uri=uri,
        artifact_root=str(tmp_path / "artifacts"),
    )
    bundles = [_bundle(store, weight=weight, simulated=weight > 1) for weight in (0.5, 2.0)]

    @dg.asset
    def trained(context: dg.AssetExecutionContext) -> None:
        for source in ("table", "synthetic"):
            delivery = dataclasses.replace(FEATURES.delivery, source=source)
            features = dataclasses.replace(FEATURES, delivery=delivery)
            log_model(context, workspace, features, dataclasses.replace(MODEL, key=source))
        champion, challenger = (Chosen("logistic_regression", bundle, None) for bundle in bundles)
        register(context, workspace, "attack", champion=champion, challenger=challenger)

    dg.materialize([trained])
    client = mlflow.MlflowClient(uri, uri)
    experiment = client.get_experiment_by_name("migraine-attack")
    assert experiment is not None
    runs = {run.info.run_name: run.data.tags.get("simulated") for run in client.search_runs([experiment.experiment_id])}
    assert (runs["table"], runs["synthetic"]) == ("false", "true")
    real, simulated = (
        client.get_model_version_by_alias("migraine-attack", role) for role in ("champion", "challenger")
    )
    assert (real.tags["simulated"], simulated.tags["simulated"]) == ("false", "true")
    assert simulated.description.startswith("Simulated participants: the numbers are no evidence")
    assert "imulated" not in real.description


def _bundle(store: Store, *, weight: float, simulated: bool) -> str:
    model = example_model(weight=weight)
    bundle = write_bundle(store, example_manifest(model), model)
    add_provenance(store, bundle, BundleProvenance(simulated=simulated))
    return bundle
