"""The `mlflow` resource: a user's own asset logs to the parent run, and no run stays active afterwards."""

from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.defs.mlflow_resource import mlflow_of_run
from migraine_assets.stores.tracking.experiments import Tracker


@dg.asset(required_resource_keys={"mlflow"})
def own_figure(context: dg.AssetExecutionContext) -> None:
    context.resources.mlflow.log_metric("own", 1.0)


# dagster-mlflow reads `context.run_id`, which Dagster has deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_runs_of_one_process_log_to_a_parent_each(tmp_path: Path) -> None:
    import mlflow

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    config = {"tracking_uri": uri, "artifact_root": str(tmp_path / "artifacts")}
    resources = {"mlflow": mlflow_of_run.configured(config)}
    runs = [dg.materialize([own_figure], resources=resources).run_id for _ in range(2)]

    assert mlflow.active_run() is None
    parents = Tracker(uri).running_parents()
    assert sorted(parents) == sorted(runs)
    client = mlflow.MlflowClient(uri)
    assert [client.get_run(parents[run]).data.metrics for run in runs] == [{"own": 1.0}] * 2
