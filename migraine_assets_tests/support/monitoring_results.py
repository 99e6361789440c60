"""Monitoring results for tests of their readers.

Not here: results that are computed from data (`unit.defs.monitoring.monitored_home`).
"""

import datetime as dt
from typing import Any

from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.core.monitoring.drift.chance import EffectiveSampleSize
from migraine_assets.core.monitoring.drift.result import FeatureDrift, ModelDrift, Statistic
from migraine_assets.core.monitoring.performance_result import ModelPerformance, RealizedPerformance
from migraine_assets.core.monitoring.verdict import Status
from migraine_assets.stores.monitoring.results import DRIFT, ESTIMATED, REALIZED, ResultKind, TaskResults, write_result
from migraine_assets.stores.store import Store

BUNDLE = "0123456789abcdef" * 4
KINDS: dict[str, tuple[ResultKind[Any], Any]] = {
    "drift": (DRIFT, ModelDrift),
    "realised": (REALIZED, RealizedPerformance),
    "estimated": (ESTIMATED, ModelPerformance),
}


def feature_drift(value: float = 0.41, *, status: Status = "drift") -> FeatureDrift:
    """Return a feature whose PSI is `value`."""
    psi = Statistic(value, limit=0.2, chance=0.1, likely=0.08, visible=0.2)
    return FeatureDrift(
        status,
        drift_ratio=value / 0.2,
        rows=700,
        missing=0.05,
        sample_size=EffectiveSampleSize(100.0, 900.0, 60),
        statistics={"psi": psi, "ks": Statistic(None, limit=0.1, chance=None, likely=None, visible=None)},
    )


def task_result(kind: str, status: Status, **changes: Any) -> Any:
    """Return the result of one model."""
    fields = {
        "status": status,
        "reasons": () if status == "none" else ("sleep_hours: PSI 0.41 is above 0.2.",),
        "rows": 700,
        "participants": 60,
        "bundle": BUNDLE,
        "algorithm": "xgboost",
        "since": dt.date(2026, 2, 27) if status in ("drift", "degraded") else None,
    }
    own: dict[str, Any] = (
        {"features": {"sleep_hours": feature_drift()}, "moved": ("sleep_hours",)}
        if kind == "drift"
        else {"metrics": {"accuracy": IntervalRecord(0.8, 0.7, 0.9), "roc_auc": IntervalRecord(0.7)}}
    )
    return KINDS[kind][1](**{**fields, **own, **changes})


def write_task_result(
    store: Store, kind: str, status: Status, *, day: dt.date, task: Any = "attack", now: dt.datetime, **changes: Any
) -> None:
    """Store the result of one task as the only one of the day."""
    content = TaskResults({task: task_result(kind, status, **changes)})
    write_result(store, KINDS[kind][0], day, content, now=now)
