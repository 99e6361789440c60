"""Who serves: the evaluation's decision carried out, in the store's pointer and in MLflow's registry."""

import datetime as dt
from typing import Any

import dagster as dg

from migraine_assets.core.tasks import Task
from migraine_assets.defs.assets.evaluate import incumbent_of
from migraine_assets.defs.metadata import champion_metadata
from migraine_assets.defs.mlflow import finish, register
from migraine_assets.defs.refs import ChampionRef, EvaluationRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.registry import champions
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.registry.prune import prune_store
from migraine_assets.stores.registry.rollouts import start_rollout
from migraine_assets.stores.store import Store

OWNERS = ["team:ml"]
GROUP = "g6_champions"
WHO = "pipeline"
UNCHANGED = "The best two serve already."


def champion_asset(task: Task) -> dg.AssetsDefinition:
    """The asset that promotes, or records why not."""

    @dg.asset(
        key=["champions", task],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"mlflow", "onnx"},
        ins={"evaluation": dg.AssetIn(["evaluation", task])},
        description=f"The bundles that serve the task '{task}': the best two, unless they lose to who serves now.",
    )
    def champion(
        context: dg.AssetExecutionContext, workspace: Workspace, evaluation: EvaluationRef
    ) -> dg.MaterializeResult[ChampionRef]:
        value = _decide(context, task, workspace, evaluation)
        if value.outcome in ("promoted", "unchanged") and evaluation.champion:
            register(context, workspace, task, champion=evaluation.champion, challenger=evaluation.challenger)
        finish(context, workspace)
        prune_store(workspace.store)
        return dg.MaterializeResult(
            value=value,
            data_version=dg.DataVersion(value.bundle or "none"),
            metadata=champion_metadata(value, evaluation),
        )

    return champion


def champion_assets() -> list[dg.AssetsDefinition]:
    """Both tasks."""
    return [champion_asset("attack"), champion_asset("severity")]


def _decide(
    context: dg.AssetExecutionContext, task: Task, workspace: Workspace, evaluation: EvaluationRef
) -> ChampionRef:
    store, current = workspace.store, incumbent_of(workspace, task)
    best, second = evaluation.champion, evaluation.challenger
    if best is None:
        return ChampionRef(task, "none", current, None, evaluation.reasons, None)
    if current not in (evaluation.incumbent, best.bundle):
        raise ConfigurationError(
            f"Since the evaluation of '{task}' another model has been promoted: materialize 'evaluation/{task}' again."
        )
    details: dict[str, Any] = {
        "challenger": second.bundle if second else None,
        "who": WHO,
        "when": dt.datetime.now(dt.UTC),
        "why": evaluation.reasons,
        "figures": evaluation.figures,
        "dagster_run": context.run.run_id,
    }
    if current == best.bundle and _challenger(store, task) == details["challenger"]:
        return ChampionRef(task, "unchanged", current, details["challenger"], (UNCHANGED,), None)
    if evaluation.accepted and current not in (None, best.bundle) and workspace.params().automation.rollout.shadow_days:
        return _on_trial(workspace, task, evaluation)
    if current == best.bundle or evaluation.accepted:
        record = champions.promote(store, task, champion=best.bundle, replaces=current, **details)
        return ChampionRef(task, "promoted", best.bundle, details["challenger"], evaluation.reasons, record.id)
    if not _refused_before(store, task, best.bundle, current):
        champions.refuse(store, task, candidate=best.bundle, **details)
    return ChampionRef(task, "refused", current, _challenger(store, task), evaluation.reasons, None)


def _on_trial(workspace: Workspace, task: Task, evaluation: EvaluationRef) -> ChampionRef:
    """Let the candidate be asked silently of everybody; `guarded_rollout` takes it from there. Once for each."""
    store, best = workspace.store, evaluation.champion
    pointer = read_pointer(store)
    champion, trial = pointer.tasks[task].champion, pointer.rollouts.get(task)
    assert best is not None  # the caller has looked
    if trial is None or trial.bundle != best.bundle:
        why, when = " ".join(evaluation.reasons), dt.datetime.now(dt.UTC)
        start_rollout(store, task, mode="shadow", percent=100, bundle=best.bundle, who=WHO, when=when, why=why)
    return ChampionRef(task, "on trial", champion, best.bundle, evaluation.reasons, None)


def _challenger(store: Store, task: str) -> str | None:
    place = read_pointer(store).tasks.get(task)
    return place.challenger if place else None


def _refused_before(store: Store, task: str, candidate: str, incumbent: str | None) -> bool:
    """Whether the last word on this task was the same refusal: a re-run adds nothing to it."""
    last = [entry.record for entry in history(store) if entry.record.task == task][-1:]
    return any(r.what == "refuse" and r.to_champion == candidate and r.from_champion == incumbent for r in last)
