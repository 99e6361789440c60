"""Metadata of the monitoring assets: status, reasons, and tables of features and metrics.

Not here: metadata of the other assets (`defs.metadata`).
"""

from collections.abc import Mapping
from typing import Any

from migraine_assets.core.monitoring.day_quality import DayQuality
from migraine_assets.core.monitoring.drift.result import FeatureDrift, ModelDrift
from migraine_assets.core.monitoring.performance_result import Metrics
from migraine_assets.defs.metadata import Metadata, bullets, table
from migraine_assets.stores.monitoring.results import TaskResult, TaskResults

SHOWN = 12


def quality_metadata(content: DayQuality) -> Metadata:
    """Return status, reasons and number of rows of a day."""
    return {"summary": content.status, "reasons": bullets(content.reasons), "dagster/row_count": content.rows}


def task_metadata(content: TaskResults[Any]) -> Metadata:
    """Return status and reasons of all tasks, with their features or metrics as tables and numbers."""
    tasks: Mapping[str, TaskResult] = content.tasks
    metadata: Metadata = {
        "summary": "; ".join(f"{task}: {result.status}" for task, result in tasks.items()) or "No model serves.",
        "reasons": bullets([f"{task}: {reason}" for task, result in tasks.items() for reason in result.reasons]),
    }
    for task, result in tasks.items():
        metadata |= {f"{task} rows": result.rows, f"{task} bundle": result.bundle}
        metadata |= (
            _features(task, result.features) if isinstance(result, ModelDrift) else _metrics(task, result.metrics)
        )
    return metadata


def _features(task: str, features: Mapping[str, FeatureDrift]) -> Metadata:
    if not features:
        return {}
    ranked = sorted(features.items(), key=lambda item: -item[1].drift_ratio)
    rows = [(name, item.status, item.drift_ratio, item.missing) for name, item in ranked[:SHOWN]]
    return {
        f"{task} features": table(("feature", "status", "drift ratio (1 is drift)", "missing"), rows),
        f"{task} highest drift ratio": ranked[0][1].drift_ratio,
    }


def _metrics(task: str, metrics: Metrics) -> Metadata:
    if not metrics:
        return {}
    rows = [(name, metric.value, metric.ci_low, metric.ci_high) for name, metric in metrics.items()]
    numbers = {f"{task} {name}": metric.value for name, metric in metrics.items() if metric.value is not None}
    return {f"{task} metrics": table(("metric", "value", "ci_low", "ci_high"), rows), **numbers}
