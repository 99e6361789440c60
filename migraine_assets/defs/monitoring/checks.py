"""What the monitoring says, as checks: the UI and the alerts see it, and nothing is stopped by it.

Not here: finding it (`findings`).
"""

import datetime as dt

import dagster as dg

from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.results import Kind, latest

_TABLE: tuple[tuple[str, str, Kind, dg.AssetCheckSeverity, str], ...] = (
    ("drift_scores", "no_drift", "drift", dg.AssetCheckSeverity.ERROR, "The world is the one that was learned from."),
    (
        "realised_performance",
        "no_degradation",
        "realised",
        dg.AssetCheckSeverity.ERROR,
        "The serving model does what it did on its own test.",
    ),
    (
        "estimated_performance",
        "promises_kept",
        "estimated",
        dg.AssetCheckSeverity.WARN,
        "The model's own probabilities promise what its test showed.",
    ),
    ("data_quality_trend", "as_usual", "quality", dg.AssetCheckSeverity.WARN, "The day is like the days before."),
)


def monitoring_checks() -> list[dg.AssetChecksDefinition]:
    """One for each result. They look at the newest day, whichever was materialized."""
    return [_check(*row) for row in _TABLE]


def _check(
    asset: str, name: str, kind: Kind, severity: dg.AssetCheckSeverity, description: str
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=asset, name=name, description=description)
    def check(workspace: Workspace) -> dg.AssetCheckResult:
        return _said(latest(workspace.store, kind), severity)

    return check


def _said(found: tuple[dt.date, dict] | None, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:  # type: ignore[type-arg]
    if found is None:
        return dg.AssetCheckResult(passed=True, severity=severity, description="Nothing was found yet.")
    day, content = found
    said = content.get("tasks", {"": content})
    bad = {task: one for task, one in said.items() if one["status"] in ("suspected", "drift", "degraded")}
    reasons = [f"{task} {one['status']}: {' '.join(one['reasons'])}".strip() for task, one in bad.items()]
    statuses = ", ".join(one["status"] for one in said.values()) or "no model serves"
    certain = any(one["status"] in ("drift", "degraded") for one in bad.values())
    return dg.AssetCheckResult(
        passed=not bad,
        severity=severity if certain else dg.AssetCheckSeverity.WARN,
        description=" ".join(reasons) or f"Up to {day}: {statuses}.",
        metadata={"day": day.isoformat()},
    )
