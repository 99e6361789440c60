"""The evaluation assets: all models of a task on the test part, against the baselines, with a report.

Here belong caching, the report and MLflow. Not here: the evaluation itself (`defs.assets.evaluate`), its pages
(`report`).
"""

import dataclasses
import datetime as dt
from pathlib import Path

import dagster as dg

from migraine_assets.core.metrics.interval import interval_record
from migraine_assets.core.models.catalogue import MODELS
from migraine_assets.core.models.fit_context import bounded_threads
from migraine_assets.core.tasks import Task
from migraine_assets.defs.assets.evaluate import Evaluated, evaluate, opponent_of
from migraine_assets.defs.assets.evaluation_metadata import evaluation_metadata
from migraine_assets.defs.assets.models import asset_key
from migraine_assets.defs.assets.train import figures
from migraine_assets.defs.caching import cached_value, fingerprint, library_versions
from migraine_assets.defs.code_versions import code_version, package_version
from migraine_assets.defs.mlflow import log_evaluation, log_test_scores
from migraine_assets.defs.refs import Chosen, EvaluationRef, FeaturesRef, FoldsRef, ModelRef, from_stored
from migraine_assets.defs.resources import Workspace
from migraine_assets.report.evaluation_json import to_sections
from migraine_assets.report.run_info import RunFacts
from migraine_assets.report.text.clinical import in_words
from migraine_assets.report.text.interpretation import headline
from migraine_assets.report.writer import adopt, section, write_reports
from migraine_assets.stores.assets.current_values import read_current
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance

OWNERS = ["team:ml"]
GROUP = "g5_evaluation"
OTHER: dict[Task, Task] = {"attack": "severity", "severity": "attack"}


def evaluation_asset(task: Task) -> dg.AssetsDefinition:
    """Return the asset that evaluates all models of `task`."""

    @dg.asset(
        key=["evaluation", task],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"onnx", "html"},
        ins={
            "features": dg.AssetIn("features"),
            "folds": dg.AssetIn("folds"),
            **{estimator.key: dg.AssetIn(asset_key(estimator)) for estimator in MODELS[task]},
        },
        description=f"All models of the task '{task}' on the test part, compared with the baselines, as a report.",
    )
    def evaluation(
        context: dg.AssetExecutionContext,
        workspace: Workspace,
        features: FeaturesRef,
        folds: FoldsRef,
        **models: ModelRef,
    ) -> dg.MaterializeResult[EvaluationRef]:
        trained = [models[estimator.key] for estimator in MODELS[task]]
        value, cached = _evaluate_once(context, task, workspace, features, folds, trained)
        if content := section(Path(value.report), task):
            run = log_evaluation(context, workspace, value, features=features, content=content)
            value = dataclasses.replace(value, mlflow_run=run)
        return dg.MaterializeResult(
            value=value,
            data_version=dg.DataVersion(f"{value.champion.bundle if value.champion else None}:{value.accepted}"),
            metadata=evaluation_metadata(task, value, workspace, cached=cached),
        )

    return evaluation


def evaluation_assets() -> list[dg.AssetsDefinition]:
    """Return the evaluations of both tasks."""
    return [evaluation_asset(task) for task in MODELS]


def _evaluate_once(
    context: dg.AssetExecutionContext,
    task: Task,
    workspace: Workspace,
    features: FeaturesRef,
    folds: FoldsRef,
    models: list[ModelRef],
) -> tuple[EvaluationRef, bool]:
    params, opponent = workspace.params(), opponent_of(workspace, task, folds, models)
    inputs = [
        features.frame.version,
        folds.frame.version,
        *(model.bundle or f"failed: {model.error}" for model in models),
    ]
    settings = [params.training, params.evaluation, params.promotion, opponent, workspace.reports]
    key = fingerprint(f"evaluation/{task}", code=code_version(__name__), settings=settings, inputs=inputs)

    reports, facts = Path(workspace.reports), _facts(context, features, params.training.seed)

    def make() -> EvaluationRef:
        with bounded_threads(params.training.threads):
            evaluated = evaluate(task, workspace, features, folds, models, opponent=opponent)
        report = write_reports(reports, _name(facts), facts=facts, **{task: evaluated.evaluation})
        _record_test_scores(workspace, evaluated)
        attack, severity = (evaluated.evaluation if task == each else None for each in ("attack", "severity"))
        content = to_sections(attack, severity, simulated=facts.simulated)[task]
        runs = {model.key: model.mlflow_run for model in models}
        log_test_scores(context, workspace, task, features=features, content=content, runs=runs)
        return _reference(evaluated, models, report, data="/".join(inputs[:2]))

    value, cached = cached_value(
        workspace.store, key, make=make, intact=lambda value: section(Path(value.report), task) is not None
    )
    if cached:
        report = adopt(reports, _name(facts), task, source=Path(value.report), facts=facts)
        return dataclasses.replace(value, report=str(report)), True
    _add_other_task(context, workspace, OTHER[task], value, facts)
    return value, False


def _record_test_scores(workspace: Workspace, evaluated: Evaluated) -> None:
    """Store the test scores with each bundle, because monitoring compares a served model with them."""
    for row in evaluated.evaluation.rows:
        if row.bundle and row.test:
            scores = {name: interval_record(interval) for name, interval in row.test.items()}
            add_provenance(workspace.store, row.bundle, BundleProvenance(test=scores))


def _add_other_task(
    context: dg.AssetExecutionContext, workspace: Workspace, other: Task, value: EvaluationRef, facts: RunFacts
) -> None:
    """Add the other task to the new report if its evaluation used the same data and this run does not repeat it."""
    stored = read_current(workspace.store, f"evaluation/{other}")
    selected = context.run.asset_selection
    planned = selected is None or dg.AssetKey(["evaluation", other]) in selected
    if stored is None or (planned and stored.run != context.run.run_id):
        return
    earlier: EvaluationRef = from_stored(stored)
    if earlier.data == value.data and section(Path(earlier.report), other) and not section(Path(value.report), other):
        adopt(Path(workspace.reports), _name(facts), other, source=Path(earlier.report), facts=facts)


def _reference(evaluated: Evaluated, models: list[ModelRef], report: Path, *, data: str) -> EvaluationRef:
    by_key = {model.key: model for model in models}

    def chosen(key: str | None) -> Chosen | None:
        model = by_key.get(key or "")
        return Chosen(model.key, model.bundle, model.mlflow_run) if model and model.bundle else None

    return EvaluationRef(
        task=evaluated.evaluation.task,
        champion=chosen(evaluated.evaluation.champion),
        challenger=chosen(evaluated.evaluation.challenger),
        incumbent=evaluated.incumbent,
        accepted=evaluated.decision.accepted,
        reasons=evaluated.decision.reasons,
        figures=figures(evaluated.decision.figures),
        headline=" ".join((*in_words(evaluated.evaluation), *headline(evaluated.evaluation))),
        report=str(report),
        data=data,
    )


def _name(facts: RunFacts) -> str:
    """Return the report folder, for example 2024-02-29-1a2b3c4d. Both tasks of a run share it. Folders sort by day."""
    return f"{facts.created[:10]}-{facts.run_id[:8]}"


def _facts(context: dg.AssetExecutionContext, features: FeaturesRef, seed: int) -> RunFacts:
    delivery = features.delivery
    return RunFacts(
        run_id=context.run.run_id,
        created=_created(context).isoformat(timespec="seconds"),
        source=delivery.source,
        description=delivery.description,
        command=f"migraine run --data-version {delivery.md5}",
        data_version=delivery.md5,
        code_version=package_version(),
        seed=seed,
        libraries=dict(version.split("==") for version in library_versions()),
        notes=delivery.notes,
    )


def _created(context: dg.AssetExecutionContext) -> dt.datetime:
    """Return when the run was created: the same time for both tasks, even if the run continues past midnight."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return record.create_timestamp if record else dt.datetime.now(dt.UTC)
