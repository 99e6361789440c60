"""What each monitoring asset finds for a day, as the content of its result.

Here belongs composing `core.monitoring` with what was read. Not here: reading (`windows`), writing and showing
(`assets`).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import BY_NAME
from migraine_assets.core.features.table import FEATURES
from migraine_assets.core.monitoring.domain_classifier import domain_auc
from migraine_assets.core.monitoring.drift import SCORE, Against, Window, measure
from migraine_assets.core.monitoring.outcomes import Settled, settle
from migraine_assets.core.monitoring.performance import Performance, estimated, held_against, metrics_from, realised
from migraine_assets.core.reference_bins import reference_from_json
from migraine_assets.defs.monitoring.windows import Learned, TaskWindow
from migraine_assets.params import MonitoringSettings

Json = dict[str, Any]
_INPUTS = {row.name: row for row in FEATURES}
TENURE = "observed_28d"
# The scores of a model that looks at several days do so too; one that does not has no tenure.
_HISTORY = (*(row.name for row in FEATURES if row.window > 1), SCORE)


def drift_of(window: TaskWindow, settings: MonitoringSettings, *, learned: Learned | None = None) -> Json:
    """Each feature of the model, and its scores, against the reference in its bundle; all together against the rows
    that it `learned` from, where those are there.
    """
    manifest = window.manifest
    found = {name: reference_from_json({**item, "name": name}) for name, item in manifest.reference.items()}
    scores = window.frame["output"].to_numpy(np.float64)[:, None]
    looked = Window(np.hstack([window.matrix, scores]), (*manifest.features, SCORE), window.people)
    against = Against(
        found,
        int(manifest.training["participants"]),
        categories=_categories(manifest.features),
        history=_HISTORY,
        tenure=TENURE,
    )
    together = None
    if learned is not None and len(window.frame) >= settings.drift.least_rows:
        together = domain_auc(
            learned.rows,
            window.matrix.astype(np.float32),
            reference_participants=learned.people,
            participants=window.people,
        )
    drift = measure(looked, against, limits=settings.drift, domain_auc=together)
    moved = [item.name for item in drift.moved]
    return {**identity(window), **drift.to_json(), "moved": moved}


def _categories(names: tuple[str, ...]) -> tuple[str, ...]:
    """The features that are today's value of a flag or a category."""
    return tuple(name for name in names if _unordered(name))


def _unordered(name: str) -> bool:
    row = _INPUTS.get(name)
    if row is None or row.window != 1 or len(row.inputs) != 1 or row.inputs[0] not in BY_NAME:
        return False
    return BY_NAME[row.inputs[0]].kind in ("flag", "category")


def settled(window: TaskWindow, *, every: pd.DataFrame, feedback: pd.DataFrame, diary: pd.DataFrame) -> Settled:
    """The window's predictions with what came true of them."""
    return settle(window.frame, every=every, feedback=feedback, diary=diary)


def realised_of(window: TaskWindow, truth: Settled, settings: MonitoringSettings, *, promised: Json | None) -> Json:
    """Outcomes that are due against what was predicted; `promised`: what was estimated of the same days before."""
    frame = truth.predictions
    said = frame[frame["output"].notna()]
    target = "attack" if window.task == "attack" else "severity"
    known = said[said[target].notna() & (said["attack"] == 1 if target == "severity" else True)]
    found = realised(
        window.task,
        known[target].to_numpy(np.float64),
        known["output"].to_numpy(np.float64),
        known["participant"].fillna(known["key"]).to_numpy(object),
        reference=window.own_test,
        threshold=_threshold(window),
        pending=int(said["attack"].isna().sum()),
        limits=settings.performance,
    )
    return {
        **identity(window),
        **found.to_json(),
        "contradictions": truth.contradictions,
        "own_test": {name: item.to_json() for name, item in window.own_test.items()},
        "held": _held(found, promised, window.bundle),
    }


def _held(found: Performance, promised: Json | None, bundle: str) -> Json:
    if not promised or promised.get("bundle") != bundle or not promised.get("metrics"):
        return {}
    both = held_against(metrics_from(promised["metrics"]), found.metrics)
    return {
        name: {"estimated": c.estimated.to_json(), "realised": c.realised.to_json(), "held": c.held}
        for name, c in both.items()
    }


def estimated_of(window: TaskWindow, settings: MonitoringSettings) -> Json:
    """What the model's own probabilities promise, before outcomes arrive."""
    said = window.frame[window.frame["output"].notna()]
    found = estimated(
        said["output"].to_numpy(np.float64),
        said["participant"].fillna(said["key"]).to_numpy(object),
        threshold=_threshold(window),
        reference=window.own_test,
        limits=settings.performance,
    )
    return {**identity(window), **found.to_json()}


def quality_of(frame: pd.DataFrame, *, torn: int, windows: list[TaskWindow], earlier: list[Json], limit: float) -> Json:
    """How complete and how quick the day was, and what differs from the days before by more than `limit`."""
    once = frame.drop_duplicates("id")
    missing = {name: share for window in windows for name, share in _missing(window).items()}
    changed = [
        f"{name}: {share:.0%} without a value, {usual:.0%} on the days before."
        for name, share in missing.items()
        if (usual := _usual(name, earlier)) is not None and abs(share - usual) > limit
    ]
    return {
        "status": "suspected" if changed else ("none" if len(once) else "too little data"),
        "reasons": changed or ["As on the days before." if len(once) else "Nothing was predicted on this day."],
        "rows": len(once),
        "participants": int(once["participant"].nunique()),
        "abstained": float(once["abstained"].mean()) if len(once) else None,
        "latency_p95_ms": float(once["latency_ms"].quantile(0.95)) if len(once) else None,
        "torn": torn,
        "missing": missing,
    }


def _missing(window: TaskWindow) -> dict[str, float]:
    matrix = window.matrix
    if not len(matrix):
        return {}
    return dict(zip(window.manifest.features, np.isnan(matrix).mean(axis=0).tolist(), strict=True))


def _usual(name: str, earlier: list[Json]) -> float | None:
    seen = [said["missing"][name] for said in earlier if name in (said.get("missing") or {})]
    return float(np.median(seen)) if len(seen) >= 3 else None


def identity(window: TaskWindow) -> Json:
    """Which model it is about."""
    return {"bundle": window.bundle, "algorithm": window.manifest.algorithm}


def _threshold(window: TaskWindow) -> float:
    return 0.5 if window.manifest.threshold is None else window.manifest.threshold


def due_days(day: dt.date, settings: MonitoringSettings) -> list[dt.date]:
    """The predicted days whose outcomes are due at the end of `day`, as many as a window has."""
    last = day - dt.timedelta(days=settings.label_delay_days)
    return [last - dt.timedelta(days=back) for back in range(settings.window_days - 1, -1, -1)]


def status_of(tasks: Mapping[str, Json]) -> str:
    """The most alarming word of all tasks."""
    from migraine_assets.core.monitoring.verdict import Verdict, worst

    return worst(Verdict(said["status"], tuple(said["reasons"])) for said in tasks.values()).status
