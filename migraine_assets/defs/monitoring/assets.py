"""Monitoring as assets with daily partitions: what the service predicted on a day, and what follows from it.

A day can be materialized again at any time. The result then uses all outcomes known by now, and events are not counted
twice. Here belong the assets and their order. Not here: what each of them does (`defs.monitoring.computations`), the
schedules (`defs.automation.schedules`).
"""

import datetime as dt
from collections.abc import Callable

import dagster as dg

from migraine_assets.defs.monitoring import computations
from migraine_assets.defs.monitoring.computations import Result
from migraine_assets.defs.resources import Workspace

GROUP = "monitoring"
OWNERS = ["team:ml"]
NAMES = (
    "prediction_log", "outcomes", "drift_scores", "estimated_performance", "realised_performance",
    "guarded_rollout", "data_quality_trend", "monitoring_report",
)  # fmt: skip


def monitoring_assets(first_day: dt.date) -> list[dg.AssetsDefinition]:
    """Return the assets, with a partition for each day (UTC) from `first_day` to today."""
    # Today can be examined too; its result is replaced when the day is over.
    days = dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), end_offset=1)
    return [_asset(days, name, *row) for name, row in _TABLE.items()]


Body = Callable[[dg.AssetExecutionContext, Workspace, dt.date], Result]


def _asset(
    days: dg.DailyPartitionsDefinition, name: str, body: Body, deps: tuple[str, ...], kind: str, description: str
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        partitions_def=days,
        group_name=GROUP,
        owners=OWNERS,
        kinds={kind},
        deps=list(deps),
        description=description,
    )
    def asset(context: dg.AssetExecutionContext, workspace: Workspace) -> Result:
        return body(context, workspace, dt.date.fromisoformat(context.partition_key))

    return asset


_TABLE: dict[str, tuple[Body, tuple[str, ...], str, str]] = {
    "prediction_log": (
        computations.collect_log,
        (),
        "parquet",
        "All prediction records and feedback of the day, without duplicates.",
    ),
    "outcomes": (
        computations.collect_outcomes,
        ("prediction_log", "validated_diary"),
        "parquet",
        "Outcomes of predicted days that a diary delivered on this day reports, in addition to earlier reports.",
    ),
    "drift_scores": (
        computations.compute_drift,
        ("prediction_log",),
        "python",
        "Whether the features and outputs of the window still follow the distribution of the training data.",
    ),
    "estimated_performance": (
        computations.estimate_performance,
        ("prediction_log",),
        "python",
        "Performance of the serving model, estimated from its calibrated probabilities.",
    ),
    "realised_performance": (
        computations.compare_performance,
        ("outcomes", "estimated_performance"),
        "python",
        "Performance on days whose outcomes are due, compared with the earlier estimate.",
    ),
    "guarded_rollout": (
        computations.guard_rollouts,
        ("realised_performance",),
        "python",
        "Guarded rollouts: a candidate is withdrawn if it is worse, and advanced if enough days have not shown that.",
    ),
    "data_quality_trend": (
        computations.describe_quality,
        ("prediction_log",),
        "python",
        "Completeness and latency of the day's predictions, compared with previous days.",
    ),
    "monitoring_report": (
        computations.write_report,
        ("drift_scores", "guarded_rollout", "data_quality_trend"),
        "html",
        "One page: trends, feature drift with its certainty, and the actions taken.",
    ),
}
