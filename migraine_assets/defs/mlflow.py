"""Logging of the assets to MLflow, in an experiment per task.

A Dagster run has a parent run with a child run per model and baseline. The best two models become versions of a
registered model. If MLflow is unavailable, the pipeline continues with a warning. Not here: the Dagster resource
(`defs.mlflow_resource`), the MLflow client (`stores.tracking.experiments`).
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from migraine_assets.core.evaluation.results import HEADLINE
from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.core.tasks import Task
from migraine_assets.defs.refs import Chosen, EvaluationRef, FeaturesRef, Figures, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.report.evaluation_json import TaskSection
from migraine_assets.report.text.labels import metric, title
from migraine_assets.report.writer import EVALUATION, figures
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.bundles.manifest import MODEL_FILE, Manifest
from migraine_assets.stores.simulated import SIMULATED, is_simulated
from migraine_assets.stores.tracking.experiments import NOTE_TAG, DatasetInfo, attempt

# "true" on runs and versions of models that were trained on simulated participants, "false" on all others.
SIMULATED_TAG = "simulated"


def log_model(
    context: dg.AssetExecutionContext, workspace: Workspace, features: FeaturesRef, model: ModelRef
) -> ModelRef:
    """Log a trained or failed model as a child run. Returns the model with the id of that run."""
    tracker = workspace.tracker(_task(model.task))
    settings = {"model": model.key, "estimator": model.used, "decision_threshold": model.threshold}

    def log() -> str:
        return tracker.log_model_run(
            tracker.parent_run(context.run.run_id, context.run.job_name),
            model.key,
            params=model.params | settings | _data_params(features),
            metrics=_flat("cv", model.cv) | _flat("train", model.train) | {"seconds": model.seconds},
            artifacts={"error.txt": model.error.encode()} if model.error else {},
            dataset=_dataset(features),
            tags={"task": model.task, "model": model.key, "bundle": model.bundle or "", "kind": "model"}
            | _data_tags(features),
            failed=model.error is not None,
        )

    return dataclasses.replace(model, mlflow_run=attempt(log, warn=context.log.warning))


def log_test_scores(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    task: Task,
    *,
    features: FeaturesRef,
    content: TaskSection,
    runs: Mapping[str, str | None],
) -> None:
    """Log the test scores to the child runs of the models, and each baseline as a child run of its own."""
    tracker = workspace.tracker(task)

    def log() -> None:
        for key, model in content.models.items():
            if (run := runs.get(key)) and model.error is None:
                tracker.log(run, metrics=_records("test", model.test))
        parent = tracker.parent_run(context.run.run_id, context.run.job_name)
        for key, baseline in content.baselines.items():
            tracker.log_model_run(
                parent,
                key,
                params={"model": key, "estimator": "baseline"} | _data_params(features),
                metrics=_records("cv", baseline.cv) | _records("test", baseline.test),
                dataset=_dataset(features),
                tags={"task": task, "model": key, "kind": "baseline"} | _data_tags(features),
            )

    attempt(log, warn=context.log.warning)


def log_evaluation(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    value: EvaluationRef,
    *,
    features: FeaturesRef,
    content: TaskSection,
) -> str | None:
    """Log the result, the report and its figures to the parent run. Returns its id, or None without MLflow."""
    task, champion = _task(value.task), content.champion
    tracker, report = workspace.tracker(task), Path(value.report)
    best = content.models[champion] if champion else None
    pages = {path.name: path for path in sorted(report.glob(f"{task}[._]*")) if path.suffix != ".svg"}
    files = {f"report/{name}": path for name, path in pages.items()} | {EVALUATION: report / EVALUATION}
    files |= {f"plots/{name}.svg": path for name, path in figures(report, task).items()}

    def log() -> str:
        parent = tracker.parent_run(context.run.run_id, context.run.job_name)
        chosen = {"champion": champion or "none", "challenger": content.challenger or "none"}
        if content.refused:
            chosen = {"champion": "unchanged", "refused": champion or "none"}
        tracker.log(
            parent,
            params=chosen
            | _data_params(features)
            | {"target": content.target, "seed": workspace.params().training.seed},
            metrics=(_records("cv", best.cv) | _records("test", best.test) if best else {})
            | {"gain_over_personal_rate": content.gain_over_personal_rate.value},
            artifacts=files,
            dataset=_dataset(features),
            tags={"task": task, "kind": "pipeline", NOTE_TAG: f"{value.headline}\n\n{features.delivery.description}"}
            | _data_tags(features),
        )
        return parent

    return attempt(log, warn=context.log.warning)


def register(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    task: Task,
    *,
    champion: Chosen,
    challenger: Chosen | None,
) -> str | None:
    """Register both bundles and set their aliases. Returns the version of the champion, or None without MLflow."""
    tracker = workspace.tracker(task)

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


def finish(context: dg.AssetExecutionContext, workspace: Workspace, task: Task) -> None:
    """End the parent run, and the parent runs of earlier runs that failed or were killed."""
    tracker = workspace.tracker(task)

    def end() -> None:
        tracker.finish(tracker.parent_run(context.run.run_id, context.run.job_name))
        for dagster_run, parent in tracker.running_parents().items():
            run = context.instance.get_run_by_id(dagster_run)
            if run is not None and run.is_finished:
                tracker.finish(parent, failed=not run.is_success)

    attempt(end, warn=context.log.warning)


def _version(workspace: Workspace, task: Task, chosen: Chosen, *, run: str) -> str:
    manifest = load_manifest(workspace.store, chosen.bundle)
    simulated = is_simulated(workspace.store, chosen.bundle, manifest.data_version)
    typical = {reference.name: reference.typical for reference in manifest.reference}
    return workspace.tracker(task).models.register(
        task,
        model=workspace.store.read(f"bundles/{chosen.bundle}/{MODEL_FILE}"),
        features=manifest.names,
        output=manifest.output,
        bundle_hash=chosen.bundle,
        run_id=run,
        example={name: typical.get(name, 0.0) for name in manifest.names},
        description=_description(manifest, simulated=simulated),
        tags={"algorithm": chosen.key, "data_version": manifest.data_version, SIMULATED_TAG: _flag(simulated)},
    )


def _description(manifest: Manifest, *, simulated: bool) -> str:
    name = HEADLINE[manifest.task]
    training = manifest.training
    warning = "Simulated participants: the numbers are no evidence about migraine. " if simulated else ""
    return (
        f"{warning}{title(manifest.algorithm)} ({manifest.used}), trained on {training.rows:,} days of "
        f"{training.participants:,} participants. Cross-validated {metric(name)}: {manifest.metrics[name].interval}. "
        "The example holds a typical value of each feature, not a row of a diary."
    )


def _task(task: str) -> Task:
    return "attack" if task == "attack" else "severity"


def _data_params(features: FeaturesRef) -> dict[str, Any]:
    delivery = features.delivery
    return {"source": delivery.source, "data_version": delivery.md5, "horizon": delivery.horizon}


def _data_tags(features: FeaturesRef) -> dict[str, str]:
    return {SIMULATED_TAG: _flag(features.delivery.source == SIMULATED)}


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _records(split: str, metrics: Mapping[str, IntervalRecord]) -> dict[str, float | None]:
    return _flat(split, {name: (one.value, one.ci_low, one.ci_high) for name, one in metrics.items()})


def _flat(split: str, scores: Figures) -> dict[str, float | None]:
    """Return the metrics of one split. The intervals have a prefix of their own: MLflow draws a section per prefix."""
    flat: dict[str, float | None] = {}
    for name, (value, low, high) in scores.items():
        flat |= {f"{split}/{name}": value, f"interval/{split}_{name}_low": low, f"interval/{split}_{name}_high": high}
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
