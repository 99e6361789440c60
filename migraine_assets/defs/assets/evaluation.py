"""The evaluation of each task: every model on the test part, against the baselines, as a report."""

import dataclasses
import datetime as dt
from pathlib import Path

import dagster as dg

from migraine_assets.core.models.catalogue import CLASSIFIERS, REGRESSORS
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import bounded
from migraine_assets.core.tasks import Task
from migraine_assets.defs.assets.evaluate import Evaluated, evaluate, opponent_of
from migraine_assets.defs.assets.models import asset_key
from migraine_assets.defs.assets.train import figures
from migraine_assets.defs.caching import code_version, fingerprint, library_versions, recall
from migraine_assets.defs.metadata import evaluation_metadata
from migraine_assets.defs.mlflow import log_evaluation
from migraine_assets.defs.refs import Chosen, EvaluationRef, FeaturesRef, FoldsRef, ModelRef, from_stored
from migraine_assets.defs.resources import Workspace
from migraine_assets.report.run_info import RunFacts
from migraine_assets.report.text.interpretation import headline
from migraine_assets.report.writer import adopt, section, write_reports
from migraine_assets.stores.assets.current_values import read_current
from migraine_assets.stores.bundles.bundles import add_provenance

OWNERS = ["team:ml"]
GROUP = "g5_evaluation"
MODELS: dict[Task, tuple[Estimator, ...]] = {"attack": CLASSIFIERS, "severity": REGRESSORS}
OTHER: dict[Task, Task] = {"attack": "severity", "severity": "attack"}
CODE = (
    "migraine_assets.core",
    "migraine_assets.report",
    "migraine_assets.defs.assets.evaluate",
    "migraine_assets.defs.assets.train",
)


def evaluation_asset(task: Task) -> dg.AssetsDefinition:
    """The asset that evaluates all models of `task`."""

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
        description=f"All models of the task '{task}' on the test part, against the baselines: the report.",
    )
    def evaluation(
        context: dg.AssetExecutionContext,
        workspace: Workspace,
        features: FeaturesRef,
        folds: FoldsRef,
        **models: ModelRef,
    ) -> dg.MaterializeResult[EvaluationRef]:
        trained = [models[estimator.key] for estimator in MODELS[task]]
        value, remembered = _evaluate_once(context, task, workspace, features, folds, trained)
        return dg.MaterializeResult(
            value=value,
            data_version=dg.DataVersion(f"{value.champion.bundle if value.champion else None}:{value.accepted}"),
            metadata=evaluation_metadata(value, remembered=remembered),
        )

    return evaluation


def evaluation_assets() -> list[dg.AssetsDefinition]:
    """Both tasks."""
    return [evaluation_asset(task) for task in MODELS]


def _evaluate_once(
    context: dg.AssetExecutionContext,
    task: Task,
    workspace: Workspace,
    features: FeaturesRef,
    folds: FoldsRef,
    models: list[ModelRef],
) -> tuple[EvaluationRef, bool]:
    params, opponent = workspace.params(), opponent_of(workspace, task, models)
    inputs = [
        features.frame.version,
        folds.frame.version,
        *(model.bundle or f"failed: {model.error}" for model in models),
    ]
    settings = [params.training, params.promotion, opponent, workspace.reports]
    key = fingerprint(f"evaluation/{task}", code=code_version(*CODE), settings=settings, inputs=inputs)

    reports, facts = Path(workspace.reports), _facts(context, features, params.training.seed)

    def make() -> EvaluationRef:
        with bounded(params.training.threads):
            found = evaluate(task, workspace, features, folds, models, opponent=opponent)
        report = write_reports(reports, _name(facts), facts=facts, **{task: found.evaluation})
        test = {row.key: figures(row.test) for row in found.evaluation.rows if row.test}
        for row in found.evaluation.rows:
            if row.bundle and row.test:
                # What the monitoring of a served model is held against.
                facts_of_test = {name: interval.to_json() for name, interval in row.test.items()}
                add_provenance(workspace.store, row.bundle, {"test": facts_of_test})
        runs = {model.key: model.mlflow_run for model in models}
        log_evaluation(context, workspace, test=test, runs=runs, report=report)
        return _reference(found, models, report, data="/".join(inputs[:2]))

    value, remembered = recall(
        workspace.store, key, make=make, intact=lambda value: section(Path(value.report), task) is not None
    )
    if remembered:
        report = adopt(reports, _name(facts), task, source=Path(value.report), facts=facts)
        return dataclasses.replace(value, report=str(report)), True
    _show_other(context, workspace, OTHER[task], value, facts)
    return value, False


def _show_other(
    context: dg.AssetExecutionContext, workspace: Workspace, other: Task, value: EvaluationRef, facts: RunFacts
) -> None:
    """Let the new report show the other task too, where that was evaluated on the same data and is not yet to come."""
    stored = read_current(workspace.store, f"evaluation/{other}")
    planned = context.run.asset_selection
    to_come = planned is None or dg.AssetKey(["evaluation", other]) in planned
    if stored is None or (to_come and stored.run != context.run.run_id):
        return
    found: EvaluationRef = from_stored(stored)
    if found.data == value.data and section(Path(found.report), other) and not section(Path(value.report), other):
        adopt(Path(workspace.reports), _name(facts), other, source=Path(found.report), facts=facts)


def _reference(found: Evaluated, models: list[ModelRef], report: Path, *, data: str) -> EvaluationRef:
    of = {model.key: model for model in models}

    def chosen(key: str | None) -> Chosen | None:
        model = of.get(key or "")
        return Chosen(model.key, model.bundle, model.mlflow_run) if model and model.bundle else None

    return EvaluationRef(
        task=found.evaluation.task,
        champion=chosen(found.evaluation.champion),
        challenger=chosen(found.evaluation.challenger),
        incumbent=found.incumbent,
        accepted=found.decision.accepted,
        reasons=found.decision.reasons,
        figures=figures(found.decision.figures),
        headline=" ".join(headline(found.evaluation)),
        report=str(report),
        data=data,
    )


def _name(facts: RunFacts) -> str:
    """Such as 2024-02-29-1a2b3c4d: both tasks of a run share a folder, and folders sort by day."""
    return f"{facts.created[:10]}-{facts.run_id[:8]}"


def _facts(context: dg.AssetExecutionContext, features: FeaturesRef, seed: int) -> RunFacts:
    delivery = features.delivery
    return RunFacts(
        run_id=context.run.run_id,
        created=_began(context).isoformat(timespec="seconds"),
        source=delivery.source,
        description=delivery.description,
        command=f"migraine run --data-version {delivery.md5}",
        data_version=delivery.md5,
        code_version=code_version("migraine_assets"),
        seed=seed,
        libraries=dict(version.split("==") for version in library_versions()),
        notes=delivery.notes,
    )


def _began(context: dg.AssetExecutionContext) -> dt.datetime:
    """When the run was created: the same for both tasks, also of a run that goes past midnight."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return record.create_timestamp if record else dt.datetime.now(dt.UTC)
