"""The Dagster resource `mlflow`: MLflow's fluent interface, logging to the MLflow run of a Dagster run.

Not here: what the assets of this package log (`defs.mlflow`), the MLflow client (`stores.tracking.experiments`).
"""

import warnings
from collections.abc import Iterator
from typing import Any

import dagster as dg

from migraine_assets.stores.tracking.experiments import EXPERIMENTS, Tracker, set_environment


@dg.resource(
    config_schema={
        "tracking_uri": dg.StringSource,
        "artifact_root": dg.StringSource,
        "experiment": dg.Field(str, default_value=EXPERIMENTS["attack"]),
    },
    description="dagster-mlflow, logging to the MLflow run of this Dagster run.",
)
def mlflow_of_run(context: dg.InitResourceContext) -> Iterator[Any]:
    """Yield MLflow's fluent interface, with the parent run of the Dagster run as the active run."""
    set_environment()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        import mlflow
        from dagster_mlflow import mlflow_tracking

        _deactivate_runs(mlflow)
        # The generator of dagster-mlflow is not resumed, because it would end the run that the models log to.
        start: Any = mlflow_tracking.resource_fn
        resource = next(start(context.replace_config(_config(context))))
    try:
        yield resource
    finally:
        _deactivate_runs(mlflow)


def _config(context: dg.InitResourceContext) -> dict[str, Any]:
    config, run = context.resource_config, context.run
    if run is None:
        raise dg.DagsterInvariantViolationError("The resource 'mlflow' can be used in a run only.")
    tracker = Tracker(config["tracking_uri"], artifact_root=config["artifact_root"], experiment=config["experiment"])
    return {
        "experiment_name": config["experiment"],
        "mlflow_tracking_uri": config["tracking_uri"],
        "mlflow_run_id": tracker.parent_run(run.run_id, run.job_name),
        "env": {},
        "extra_tags": {},
    }


def _deactivate_runs(mlflow: Any) -> None:
    """Deactivate the active run and keep its status, so that the next run in this process does not log to it."""
    while run := mlflow.active_run():
        mlflow.end_run(status=mlflow.MlflowClient().get_run(run.info.run_id).info.status)
