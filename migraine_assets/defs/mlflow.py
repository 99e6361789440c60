"""What assets log to MLflow: a parent run per Dagster run, a child run per model, and the best two as model versions.

If MLflow is unavailable, the pipeline continues with a warning. Not here: the MLflow client
(`stores.tracking.experiments`).
"""

import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from migraine_assets.defs.refs import Chosen, FeaturesRef, Figures, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.bundles.manifest import MODEL_FILE
from migraine_assets.stores.tracking.experiments import DatasetInfo, Tracker, attempt, set_environment


@dg.resource(
    config_schema={
        "tracking_uri": dg.StringSource,
        "artifact_root": dg.StringSource,
        "experiment": dg.Field(str, default_value="migraine"),
    },
    description="dagster-mlflow, logging to the MLflow run of this Dagster run.",
)
def mlflow_of_run(context: dg.InitResourceContext) -> Iterator[Any]:
    """The fluent interface of MLflow, with the parent run of the Dagster run as the active run."""
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
        raise dg.DagsterInvariantViolationError("The resource 'mlflow' belongs to a run.")
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


def log_model(
    context: dg.AssetExecutionContext, workspace: Workspace, features: FeaturesRef, model: ModelRef
) -> ModelRef:
    """Log a trained or failed model as a child run. Returns the model with the id of that run."""
    tracker = workspace.tracker()

    def log() -> str:
        return tracker.log_model_run(
            tracker.parent_run(context.run.run_id, context.run.job_name),
            f"{model.task}/{model.key}",
            params=model.params | {"used": model.used, "horizon": features.delivery.horizon},
            metrics=_flat("cv", model.cv) | _flat("train", model.train) | {"seconds": model.seconds},
            artifacts={"error.txt": model.error.encode()} if model.error else {},
            dataset=_dataset(features),
            tags={"task": model.task, "model": model.key, "bundle": model.bundle or ""},
            failed=model.error is not None,
        )

    return dataclasses.replace(model, mlflow_run=attempt(log, warn=context.log.warning))


def log_evaluation(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    *,
    test: Mapping[str, Figures],
    runs: Mapping[str, str | None],
    report: Path,
) -> None:
    """Log the test scores to the child runs and the files of the report to the parent run."""
    tracker = workspace.tracker()

    def log() -> None:
        for key, figures in test.items():
            if run := runs.get(key):
                tracker.log(run, metrics=_flat("test", figures))
        files = {f"report/{path.name}": path for path in sorted(report.iterdir()) if path.is_file()}
        tracker.log(tracker.parent_run(context.run.run_id, context.run.job_name), artifacts=files)

    attempt(log, warn=context.log.warning)


def register(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    task: str,
    *,
    champion: Chosen,
    challenger: Chosen | None,
) -> str | None:
    """Register both bundles and set their aliases. Returns the version of the champion, or None without MLflow."""
    tracker = workspace.tracker()

    def log() -> str | None:
        parent = tracker.parent_run(context.run.run_id, context.run.job_name)
        versions = [
            _version(workspace, task, chosen, run=chosen.mlflow_run or parent)
            for chosen in (champion, challenger)
            if chosen
        ]
        tracker.models.point(task, champion=champion.bundle, challenger=challenger.bundle if challenger else None)
        return versions[0]

    return attempt(log, warn=context.log.warning)


def finish(context: dg.AssetExecutionContext, workspace: Workspace) -> None:
    """End the parent run, and the parent runs of earlier runs that failed or were killed."""
    tracker = workspace.tracker()

    def end() -> None:
        tracker.finish(tracker.parent_run(context.run.run_id, context.run.job_name))
        for dagster_run, parent in tracker.running_parents().items():
            run = context.instance.get_run_by_id(dagster_run)
            if run is not None and run.is_finished:
                tracker.finish(parent, failed=not run.is_success)

    attempt(end, warn=context.log.warning)


def _version(workspace: Workspace, task: str, chosen: Chosen, *, run: str) -> str:
    manifest = load_manifest(workspace.store, chosen.bundle)
    return workspace.tracker().models.register(
        task,
        model=workspace.store.read(f"bundles/{chosen.bundle}/{MODEL_FILE}"),
        features=manifest.names,
        output=manifest.output,
        bundle_hash=chosen.bundle,
        run_id=run,
        tags={"algorithm": chosen.key, "data_version": manifest.data_version},
    )


def _flat(prefix: str, figures: Figures) -> dict[str, float | None]:
    flat: dict[str, float | None] = {}
    for name, (value, low, high) in figures.items():
        flat |= {f"{prefix}_{name}": value, f"{prefix}_{name}_ci_low": low, f"{prefix}_{name}_ci_high": high}
    return flat


def _dataset(features: FeaturesRef) -> DatasetInfo:
    delivery = features.delivery
    return DatasetInfo(
        name=delivery.source,
        version=delivery.md5,
        source=delivery.description,
        rows=features.frame.rows,
        columns=tuple((name, "float") for name in features.names),
    )
