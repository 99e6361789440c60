"""The guarded rollout: a candidate that passed the gate is silent for some days, then answers some people, then serves.

Here belong what was seen of it and the moves of the pointer. Not here: the test (`core.monitoring.rollout_test`), how a
trial begins (`defs.assets.champions`). Only trials that the pipeline began are guarded; those begun by hand are let be.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.monitoring.outcomes import last_predictions, settle
from migraine_assets.core.monitoring.rollout_test import Seen, TrialSettings, Verdict, by_arm, judge, paired
from migraine_assets.defs.monitoring import windows
from migraine_assets.stores.monitoring.collection import collected
from migraine_assets.stores.monitoring.decisions import Recorded, record
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.registry.pointer import Rollout, read_pointer
from migraine_assets.stores.registry.rollouts import end_rollout, start_rollout
from migraine_assets.stores.store import Store

WHO = "pipeline"
SHADOW = ["shadow_bundle", "shadow_output"]


def guard(store: Store, day: dt.date, *, settings: TrialSettings, now: dt.datetime) -> dict[str, Verdict]:
    """Look at each guarded trial with what is known at the end of `day`, and move it. What was decided, by task."""
    found = {}
    for task, rollout in read_pointer(store).rollouts.items():
        if rollout.who == WHO and rollout.mode in ("shadow", "canary"):
            seen, days = _seen(store, task, rollout, day)
            needed = settings.shadow_days if rollout.mode == "shadow" else settings.canary_days
            found[task] = judge(seen, days=days, needed=needed, settings=settings)
            _move(store, task, rollout, found[task], settings=settings, now=now)
    return found


def _move(
    store: Store, task: str, rollout: Rollout, verdict: Verdict, *, settings: TrialSettings, now: dt.datetime
) -> None:
    about = f"{task} {rollout.bundle[:12]} as {rollout.mode}: {verdict.step}"
    acted = verdict.step != "wait"
    key = f"trial:{task}:{rollout.bundle[:12]}:{rollout.mode}"
    record(store, Recorded(now, "guarded_rollout", about, acted, (verdict.reason,), key))
    if verdict.step == "back":
        end_rollout(store, task)
    elif verdict.step == "on" and rollout.mode == "shadow":
        start_rollout(
            store, task, mode="canary", percent=settings.canary_percent, who=WHO, when=now, why=verdict.reason,
            bundle=rollout.bundle,
        )  # fmt: skip
    elif verdict.step == "on":
        # Ends the trial too.
        promote(
            store, task, champion=rollout.bundle, replaces=rollout.against, who=WHO, when=now, why=(verdict.reason,)
        )


def _seen(store: Store, task: str, rollout: Rollout, day: dt.date) -> tuple[Seen, int]:
    """The losses since the trial began, and for how many days it has been going on."""
    since = dt.datetime.fromisoformat(rollout.since)
    days = windows.days_to(day, max(1, (day - since.date()).days + 1))
    tables = [collected(store, "predictions", one, [*windows.COLUMNS, *SHADOW]).to_pandas() for one in days]
    every = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    mine = every[(every["task"] == task) & (every["time"] >= since.timestamp()) & every["output"].notna()]
    truth = settle(
        last_predictions(mine),
        every=every,
        feedback=windows.feedback(store, days),
        diary=windows.diary_words(store, days),
    ).predictions
    known = truth[truth["attack"].notna()] if task == "attack" else truth[truth["severity"].notna()]
    seen = _shadow(task, known, rollout) if rollout.mode == "shadow" else _canary(task, known, rollout)
    return seen, (day - since.date()).days


def _shadow(task: str, known: pd.DataFrame, rollout: Rollout) -> Seen:
    both = known[(known["shadow_bundle"] == rollout.bundle) & known["shadow_output"].notna()]
    return paired(_loss(task, both, "shadow_output"), _loss(task, both, "output"), _people(both))


def _canary(task: str, known: pd.DataFrame, rollout: Rollout) -> Seen:
    ours, theirs = known[known["bundle"] == rollout.bundle], known[known["bundle"] == rollout.against]
    return by_arm(_loss(task, ours, "output"), _people(ours), _loss(task, theirs, "output"), _people(theirs))


def _loss(task: str, frame: pd.DataFrame, column: str) -> Any:
    said = frame[column].to_numpy(np.float64)
    if task == "attack":
        return (said - frame["attack"].to_numpy(np.float64)) ** 2
    return np.abs(said - frame["severity"].to_numpy(np.float64))


def _people(frame: pd.DataFrame) -> Any:
    return frame["participant"].fillna(frame["key"]).to_numpy(object).astype(str)
