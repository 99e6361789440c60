"""dagster-mlflow's resource, bound to the one MLflow run that this platform makes for a Dagster run.

For ops and assets that users add: with the resource key `mlflow` they log to the same parent run as the models. The
platform's own assets do not need it; they log by run id (`stores.tracking`) and go on where MLflow does not answer.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import dagster as dg

from migraine_assets.stores.tracking import Tracker, settle_environment


@dg.resource(
    config_schema={
        "tracking_uri": dg.StringSource,
        "artifact_root": dg.StringSource,
        "experiment": dg.Field(str, default_value="migraine"),
    },
    description="dagster-mlflow, logging to the MLflow run of this Dagster run.",
)
def mlflow_of_run(context: dg.InitResourceContext) -> Iterator[Any]:
    """The whole of mlflow's fluent interface, with the run's parent as the active run."""
    settle_environment()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        import mlflow
        from dagster_mlflow import mlflow_tracking

        _let_go(mlflow)
        # Its generator is not resumed: what follows its yield would end the run that the models log to.
        start: Any = mlflow_tracking.resource_fn
        resource = next(start(context.replace_config(_config(context))))
    try:
        yield resource
    finally:
        _let_go(mlflow)


def _config(context: dg.InitResourceContext) -> dict[str, Any]:
    given, run = context.resource_config, context.run
    if run is None:
        raise dg.DagsterInvariantViolationError("The resource 'mlflow' belongs to a run.")
    tracker = Tracker(given["tracking_uri"], artifact_root=given["artifact_root"], experiment=given["experiment"])
    return {
        "experiment_name": given["experiment"],
        "mlflow_tracking_uri": given["tracking_uri"],
        "mlflow_run_id": tracker.parent_run(run.run_id, run.job_name),
        "env": {},
        "extra_tags": {},
    }


def _let_go(mlflow: Any) -> None:
    """Forget the active run and keep its status: the next run in this process must not log into this one's."""
    while run := mlflow.active_run():
        mlflow.end_run(status=mlflow.MlflowClient().get_run(run.info.run_id).info.status)
