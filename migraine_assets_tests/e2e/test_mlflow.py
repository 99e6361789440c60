"""The records of a run in MLflow, and what a client without this project can load from them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from migraine_assets.core.evaluation.baselines import BASELINES
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets_tests.support.homes import TASKS, Home

KINDS = ("model", "baseline")
CLIENT = """
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
frame = pd.read_parquet(sys.argv[2])
predicted = mlflow.pyfunc.load_model("models:/migraine-attack@champion").predict(frame)
print(json.dumps(pd.DataFrame(predicted).to_numpy().ravel().tolist()))
"""


def _client(home: Home) -> MlflowClient:
    return MlflowClient(tracking_uri=home.mlflow, registry_uri=home.mlflow)


def _runs(home: Home, task: str) -> tuple[list[Run], dict[str, Run]]:
    """Return the MLflow runs of the Dagster runs for a task, oldest first: parents, and children of the first."""
    client = _client(home)
    experiment = client.get_experiment_by_name(f"migraine-{task}")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    first = parents[0].info.run_id
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == first]
    return parents, {str(run.info.run_name): run for run in children}


def _artifacts(home: Home, run: Run, folder: str | None = None) -> set[str]:
    return {entry.path for entry in _client(home).list_artifacts(run.info.run_id, folder) if not entry.is_dir}


@pytest.mark.filterwarnings("ignore")  # raised by mlflow's own modules on first import
@pytest.mark.parametrize("task", TASKS)
def test_a_task_has_an_experiment_with_every_model_and_baseline(trained_home: Home, task: str) -> None:
    (parent, *_), children = _runs(trained_home, task)
    assert parent.info.status == "FINISHED"
    assert {run.info.status for run in children.values()} == {"FINISHED"}
    kinds = {kind: {name for name, run in children.items() if run.data.tags["kind"] == kind} for kind in KINDS}
    assert kinds == {"model": set(trained_home.models(task)), "baseline": set(BASELINES)}


@pytest.mark.filterwarnings("ignore")
def test_a_child_holds_parameters_metrics_and_the_data_set(trained_home: Home) -> None:
    _, children = _runs(trained_home, "attack")
    child, model = children["xgboost"], trained_home.models("attack")["xgboost"]
    section = trained_home.evaluation()["attack"]
    assert child.data.params["n_estimators"] == "8"
    assert child.data.metrics["cv/roc_auc"] == pytest.approx(model.cv["roc_auc"][0])
    assert child.data.metrics["test/roc_auc"] == pytest.approx(section["models"]["xgboost"]["test"]["roc_auc"]["value"])
    assert child.data.tags["bundle"] == model.bundle
    assert child.inputs.dataset_inputs[0].dataset.digest.startswith(trained_home.asset("raw_diary").delivery.md5[:8])


@pytest.mark.filterwarnings("ignore")
def test_a_baseline_can_be_compared_with_a_model(trained_home: Home) -> None:
    """MLflow compares runs by the parameters and metrics that they share."""
    _, children = _runs(trained_home, "attack")
    rate, scores = children["personal_rate"].data, trained_home.evaluation()["attack"]["baselines"]["personal_rate"]
    assert rate.metrics["cv/roc_auc"] == pytest.approx(scores["cv"]["roc_auc"]["value"])
    shared = set(rate.params) & set(children["xgboost"].data.params)
    assert {"model", "estimator", "horizon", "data_version"} <= shared


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("task", "name"), [("attack", "roc_auc"), ("severity", "rmse")])
def test_every_parent_holds_the_result_and_the_report(trained_home: Home, task: str, name: str) -> None:
    """This includes a run with cached results only: otherwise it would be an empty line in MLflow."""
    section = trained_home.evaluation()[task]
    best = section["models"][section["champion"]]
    parents, _ = _runs(trained_home, task)
    assert len(parents) == 2
    for parent in parents:
        assert parent.data.params["champion"] == section["champion"]
        assert parent.data.metrics[f"test/{name}"] == pytest.approx(best["test"][name]["value"])
        assert parent.inputs.dataset_inputs[0].dataset.name == trained_home.asset("raw_diary").delivery.source
        assert trained_home.evaluation_of(task).headline in parent.data.tags["mlflow.note.content"]
        assert "evaluation.json" in _artifacts(trained_home, parent)
        report = {f"report/{task}.html", f"report/{task}_model_card.html", f"report/{task}_model_card.md"}
        assert _artifacts(trained_home, parent, "report") == report
        assert "plots/comparison.svg" in _artifacts(trained_home, parent, "plots")


@pytest.mark.filterwarnings("ignore")
def test_a_version_has_a_signature_an_example_and_a_description(trained_home: Home) -> None:
    client = _client(trained_home)
    version = client.get_model_version_by_alias("migraine-attack", "champion")
    assert "Cross-validated ROC-AUC" in version.description
    names = list(load_bundle(trained_home.store, trained_home.pointer.tasks["attack"].champion).manifest.names)
    folder = Path(client.download_artifacts(str(version.run_id), "model"))
    assert names[0] in (folder / "MLmodel").read_text()
    example = json.loads((folder / "input_example.json").read_text())
    assert example["columns"] == names
    rows = read_frame(trained_home.store, trained_home.asset("features").frame, names).to_numpy("float64")
    assert not (rows == np.array(example["data"][0])).all(axis=1).any(), "an example is never a row of the diary"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", TASKS)
def test_the_aliases_match_the_pointer(trained_home: Home, task: str) -> None:
    client = _client(trained_home)
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
