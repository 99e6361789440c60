"""The guarded rollout: a candidate that passed the gate is a shadow for some days, then a canary, then the champion.

Here belong collecting the losses and moving the pointer. Only rollouts that the pipeline started are guarded, not those
started by hand. Not here: the test (`core.monitoring.rollout_test`), starting a rollout (`defs.assets.champions`).
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.monitoring.outcomes import join_outcomes, latest_predictions
from migraine_assets.core.monitoring.rollout_test import (
    LossDifference,
    RolloutDecision,
    RolloutSettings,
    arm_difference,
    decide_rollout,
    paired_difference,
)
from migraine_assets.defs.monitoring import windows
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.monitoring.collection import read_collected
from migraine_assets.stores.monitoring.decisions import AutomationDecision, record_decision
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.registry.pointer import Rollout, read_pointer
from migraine_assets.stores.registry.rollouts import end_rollout, start_rollout
from migraine_assets.stores.store import Store

WHO = "pipeline"
SHADOW = ["shadow_bundle", "shadow_output"]


def guard(store: Store, day: dt.date, *, settings: RolloutSettings, now: dt.datetime) -> dict[str, RolloutDecision]:
    """Test each guarded rollout with the outcomes known at the end of `day`, and act on the result. Returns the
    decisions.
    """
    decisions = {}
    for task, rollout in read_pointer(store).rollouts.items():
        if rollout.who == WHO and rollout.mode in ("shadow", "canary"):
            difference, days = _difference(store, task, rollout, day)
            needed = settings.shadow_days if rollout.mode == "shadow" else settings.canary_days
            decisions[task] = decide_rollout(difference, days=days, needed=needed, settings=settings)
            _act(store, task, rollout, decisions[task], settings=settings, now=now)
    return decisions


def _act(
    store: Store, task: str, rollout: Rollout, decision: RolloutDecision, *, settings: RolloutSettings, now: dt.datetime
) -> None:
    about = f"{task} {rollout.bundle[:12]} as {rollout.mode}: {decision.step}"
    key = f"trial:{task}:{rollout.bundle[:12]}:{rollout.mode}"
    acted = decision.step != "wait"
    record_decision(store, AutomationDecision(now, "guarded_rollout", about, acted, (decision.reason,), key))
    if decision.step == "back":
        end_rollout(store, task)
    elif decision.step == "on" and rollout.mode == "shadow":
        start_rollout(
            store, task, mode="canary", percent=settings.canary_percent, who=WHO, when=now, why=decision.reason,
            bundle=rollout.bundle,
        )  # fmt: skip
    elif decision.step == "on":
        # A promotion ends the rollout.
        promote(
            store, task, champion=rollout.bundle, replaces=rollout.against, who=WHO, when=now, why=(decision.reason,)
        )


def _difference(store: Store, task: str, rollout: Rollout, day: dt.date) -> tuple[LossDifference, int]:
    """Return the difference in loss since the rollout started, and its age in days."""
    since = dt.datetime.fromisoformat(rollout.since)
    days = windows.days_to(day, max(1, (day - since.date()).days + 1))
    columns = [*windows.COLUMNS, *SHADOW]
    tables = [read_collected(store, "predictions", one, columns, damaged=[]).to_pandas() for one in days]
    every = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    during = every[(every["task"] == task) & (every["time"] >= since.timestamp()) & every["output"].notna()]
    joined = join_outcomes(
        latest_predictions(during),
        every=every,
        feedback=windows.feedback(store, days),
        diary=windows.diary_outcomes(store, days),
        predicted=windows.predicted(load_manifest(store, rollout.bundle)),
    ).predictions
    known = joined[joined["attack"].notna()] if task == "attack" else joined[joined["severity"].notna()]
    difference = _shadow(task, known, rollout) if rollout.mode == "shadow" else _canary(task, known, rollout)
    return difference, (day - since.date()).days


def _shadow(task: str, known: pd.DataFrame, rollout: Rollout) -> LossDifference:
    both = known[(known["shadow_bundle"] == rollout.bundle) & known["shadow_output"].notna()]
    return paired_difference(_loss(task, both, "shadow_output"), _loss(task, both, "output"), _participants(both))


def _canary(task: str, known: pd.DataFrame, rollout: Rollout) -> LossDifference:
    treated, control = known[known["bundle"] == rollout.bundle], known[known["bundle"] == rollout.against]
    return arm_difference(
        _loss(task, treated, "output"),
        _participants(treated),
        _loss(task, control, "output"),
        _participants(control),
    )


def _loss(task: str, frame: pd.DataFrame, column: str) -> Any:
    predicted = frame[column].to_numpy(np.float64)
    if task == "attack":
        return (predicted - frame["attack"].to_numpy(np.float64)) ** 2
    return np.abs(predicted - frame["severity"].to_numpy(np.float64))


def _participants(frame: pd.DataFrame) -> Any:
    return frame["participant"].fillna(frame["key"]).to_numpy(object).astype(str)
