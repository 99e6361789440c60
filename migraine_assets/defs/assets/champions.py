"""The champion assets: apply the decision of the evaluation to the champion pointer and the MLflow registry.

Not here: the decision (`core.evaluation.gate`), the pointer (`stores.registry.champions`), guarded rollouts after their
start (`defs.monitoring.rollout_guard`).
"""

import dataclasses
import datetime as dt
from typing import Any

import dagster as dg

from migraine_assets.core.tasks import Task
from migraine_assets.defs.metadata import champion_metadata
from migraine_assets.defs.mlflow import finish, register
from migraine_assets.defs.refs import ChampionRef, EvaluationRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.defs.run_owner import lock_owner
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.registry import champions
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.registry.promotion_log import PromotionRecord
from migraine_assets.stores.registry.prune import prune_store
from migraine_assets.stores.registry.rollouts import start_rollout
from migraine_assets.stores.store import Store
from migraine_assets.stores.store_lock import check_held

OWNERS = ["team:ml"]
GROUP = "g6_champions"
WHO = "pipeline"
UNCHANGED = "The best two models are already champion and challenger."


def champion_asset(task: Task) -> dg.AssetsDefinition:
    """Return the asset that promotes the best two models of `task`, or records why it does not."""

    @dg.asset(
        key=["champions", task],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"mlflow", "onnx"},
        ins={"evaluation": dg.AssetIn(["evaluation", task])},
        description=f"The bundles that serve the task '{task}': the best two, unless they lose to the champion.",
    )
    def champion(
        context: dg.AssetExecutionContext, workspace: Workspace, evaluation: EvaluationRef
    ) -> dg.MaterializeResult[ChampionRef]:
        value = _described(workspace.store, _decide(context, task, workspace, evaluation))
        if value.outcome in ("promoted", "unchanged") and evaluation.champion:
            register(context, workspace, task, champion=evaluation.champion, challenger=evaluation.challenger)
        finish(context, workspace, task)
        prune_store(workspace.store)
        return dg.MaterializeResult(
            value=value,
            data_version=dg.DataVersion(value.bundle or "none"),
            metadata=champion_metadata(value, evaluation),
        )

    return champion


def champion_assets() -> list[dg.AssetsDefinition]:
    """Return the champion assets of both tasks."""
    return [champion_asset("attack"), champion_asset("severity")]


def _decide(
    context: dg.AssetExecutionContext, task: Task, workspace: Workspace, evaluation: EvaluationRef
) -> ChampionRef:
    store, current = workspace.store, _champion(workspace.store, task)
    owner = lock_owner(context.run)
    check_held(store, owner)
    best, second = evaluation.champion, evaluation.challenger
    if best is None:
        return ChampionRef(task, "none", current, None, evaluation.reasons, None)
    if current not in (evaluation.incumbent, best.bundle):
        raise ConfigurationError(
            f"Another model has been promoted since the evaluation of '{task}': materialize 'evaluation/{task}' again."
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
        return _start_rollout(workspace, task, evaluation)
    if current == best.bundle or evaluation.accepted:
        record = champions.promote(
            store, task, champion=best.bundle, replaces=current, fence=lambda: check_held(store, owner), **details
        )
        return ChampionRef(task, "promoted", best.bundle, details["challenger"], evaluation.reasons, record.id)
    refusal = _refused_before(store, task, best.bundle, current)
    refusal = refusal or champions.refuse(store, task, candidate=best.bundle, **details)
    return ChampionRef(task, "refused", current, _challenger(store, task), evaluation.reasons, refusal.id)


def _described(store: Store, value: ChampionRef) -> ChampionRef:
    """Return the value with the champion's algorithm, and with the record in force if its outcome has none."""
    serving = read_pointer(store).tasks.get(value.task)
    return dataclasses.replace(
        value,
        algorithm=load_manifest(store, value.bundle).algorithm if value.bundle else None,
        record=value.record or (serving.record if serving else None),
    )


def _start_rollout(workspace: Workspace, task: Task, evaluation: EvaluationRef) -> ChampionRef:
    """Start a shadow rollout of the candidate, once per candidate. The asset `guarded_rollout` continues it."""
    store, best = workspace.store, evaluation.champion
    pointer = read_pointer(store)
    champion, rollout = pointer.tasks[task].champion, pointer.rollouts.get(task)
    assert best is not None  # the caller has checked
    if rollout is None or rollout.bundle != best.bundle:
        why, when = " ".join(evaluation.reasons), dt.datetime.now(dt.UTC)
        start_rollout(store, task, mode="shadow", percent=100, bundle=best.bundle, who=WHO, when=when, why=why)
    return ChampionRef(task, "on trial", champion, best.bundle, evaluation.reasons, None)


def _champion(store: Store, task: str) -> str | None:
    models = read_pointer(store).tasks.get(task)
    return models.champion if models else None


def _challenger(store: Store, task: str) -> str | None:
    models = read_pointer(store).tasks.get(task)
    return models.challenger if models else None


def _refused_before(store: Store, task: str, candidate: str, incumbent: str | None) -> PromotionRecord | None:
    """Return the task's last record if it is the same refusal, so that a re-run records nothing new."""
    last = [entry.record for entry in history(store, damaged=[]) if entry.record.task == task][-1:]
    same = (r for r in last if r.what == "refuse" and r.to_champion == candidate and r.from_champion == incumbent)
    return next(same, None)
