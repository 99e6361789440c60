"""What MLflow records of a run, and what a client without this project loads from it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets_tests.support.homes import TASKS, Home

CLIENT = """
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
frame = pd.read_parquet(sys.argv[2])
predicted = mlflow.pyfunc.load_model("models:/migraine-attack@champion").predict(frame)
print(json.dumps(pd.DataFrame(predicted).to_numpy().ravel().tolist()))
"""


def _runs(home: Home) -> dict[str, list[Run]]:
    """The MLflow runs of the first Dagster run: parent and children."""
    client = MlflowClient(tracking_uri=home.mlflow)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, order_by=["attributes.start_time ASC"])
    first = next(run.data.tags["dagster_run_id"] for run in runs if "dagster_run_id" in run.data.tags)
    of_first = [run for run in runs if run.data.tags.get("dagster.run_id") == first]
    parents = [run for run in of_first if "mlflow.parentRunId" not in run.data.tags]
    return {"parents": parents, "children": [run for run in of_first if run not in parents]}


@pytest.mark.filterwarnings("ignore")  # raised by mlflow's own modules on first import
def test_one_parent_and_sixteen_finished_children(trained_home: Home) -> None:
    runs = _runs(trained_home)
    (parent,) = runs["parents"]
    assert parent.info.status == "FINISHED"
    assert {run.info.status for run in runs["children"]} == {"FINISHED"}
    assert len(runs["children"]) == 16
    assert {run.data.tags["mlflow.parentRunId"] for run in runs["children"]} == {parent.info.run_id}


@pytest.mark.filterwarnings("ignore")
def test_a_child_holds_parameters_metrics_and_the_data_set(trained_home: Home) -> None:
    children = {run.info.run_name: run for run in _runs(trained_home)["children"]}
    child, model = children["attack/xgboost"], trained_home.models("attack")["xgboost"]
    assert child.data.params["n_estimators"] == "8"
    assert child.data.metrics["cv_roc_auc"] == pytest.approx(model.cv["roc_auc"][0])
    assert child.data.metrics["test_roc_auc"] == pytest.approx(
        trained_home.evaluation()["attack"]["models"]["xgboost"]["test"]["roc_auc"]["value"]
    )
    assert child.data.tags["bundle"] == model.bundle
    assert child.inputs.dataset_inputs[0].dataset.digest.startswith(trained_home.asset("raw_diary").delivery.md5[:8])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", TASKS)
def test_the_aliases_match_the_pointer(trained_home: Home, task: str) -> None:
    client = MlflowClient(tracking_uri=trained_home.mlflow, registry_uri=trained_home.mlflow)
    current = trained_home.pointer.tasks[task]
    for alias, bundle in (("champion", current.champion), ("challenger", current.challenger)):
        assert client.get_model_version_by_alias(f"migraine-{task}", alias).tags["bundle_hash"] == bundle


def test_a_plain_mlflow_client_predicts_like_the_bundle(trained_home: Home, tmp_path: Path) -> None:
    champion = load_bundle(trained_home.store, trained_home.pointer.tasks["attack"].champion)
    names = list(champion.manifest.names)
    frame = read_frame(trained_home.store, trained_home.asset("features").frame, names).head(50)
    frame.astype("float64").to_parquet(tmp_path / "rows.parquet")
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, trained_home.mlflow, str(tmp_path / "rows.parquet")],
        env=trained_home.environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    predicted = json.loads(done.stdout.splitlines()[-1])
    assert np.array_equal(predicted, champion.predict(frame.to_numpy(np.float32)))
