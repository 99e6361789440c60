"""Asset checks of the monitoring results. They appear in the UI and in alerts, and block nothing.

Not here: computing the results (`defs.monitoring.results`).
"""

import datetime as dt
from typing import Any

import dagster as dg

from migraine_assets.core.monitoring.day_quality import DayQuality
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    QUALITY,
    REALIZED,
    ResultKind,
    TaskResults,
    latest_result,
    verdicts,
)

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
_TABLE: tuple[tuple[str, str, ResultKind[Any], dg.AssetCheckSeverity, str], ...] = (
    ("drift_scores", "no_drift", DRIFT, ERROR, "The data still resemble the training data."),
    (
        "realised_performance",
        "no_degradation",
        REALIZED,
        ERROR,
        "The serving model performs as well as on its test.",
    ),
    (
        "estimated_performance",
        "promises_kept",
        ESTIMATED,
        WARN,
        "The estimated performance is as good as on the test.",
    ),
    ("data_quality_trend", "as_usual", QUALITY, WARN, "The day resembles the previous days."),
)


def monitoring_checks() -> list[dg.AssetChecksDefinition]:
    """Return one check per kind of result. Each examines the newest day, even if another one was materialized."""
    return [_check(*row) for row in _TABLE]


def _check(
    asset: str, name: str, kind: ResultKind[Any], severity: dg.AssetCheckSeverity, description: str
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=asset, name=name, description=description)
    def check(workspace: Workspace) -> dg.AssetCheckResult:
        newest = latest_result(workspace.store, kind)
        if newest is None:
            return dg.AssetCheckResult(passed=True, severity=severity, description="There is no result yet.")
        return _check_result(*newest, severity)

    return check


def _check_result(
    day: dt.date, content: TaskResults[Any] | DayQuality, severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    by_task = verdicts(content)
    bad = {task: verdict for task, verdict in by_task.items() if verdict.alarms or verdict.status == "suspected"}
    reasons = [f"{task} {verdict.status}: {' '.join(verdict.reasons)}".strip() for task, verdict in bad.items()]
    statuses = ", ".join(verdict.status for verdict in by_task.values()) or "no model serves"
    certain = any(verdict.alarms for verdict in bad.values())
    return dg.AssetCheckResult(
        passed=not bad,
        severity=severity if certain else WARN,
        description=" ".join(reasons) or f"Up to {day}: {statuses}.",
        metadata={"day": day.isoformat()},
    )
