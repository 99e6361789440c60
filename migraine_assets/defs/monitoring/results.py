"""The result of each monitoring asset for one window of one model: calls `core.monitoring` with the data of the window.

Not here: reading the data (`defs.monitoring.windows`), storing and showing results (`defs.monitoring.assets`).
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from msgspec.structs import asdict

from migraine_assets.core.monitoring.day_quality import DayQuality, day_quality
from migraine_assets.core.monitoring.drift.domain_classifier import domain_auc
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.core.monitoring.drift.task_drift import DriftReference, Window, measure_drift
from migraine_assets.core.monitoring.outcomes import JoinedOutcomes
from migraine_assets.core.monitoring.performance import compare_estimate, estimated_performance, realized_performance
from migraine_assets.core.monitoring.performance_result import (
    Comparison,
    ModelPerformance,
    Performance,
    RealizedPerformance,
    metric_intervals,
    metric_records,
)
from migraine_assets.core.reference_bins import MODEL_OUTPUT
from migraine_assets.defs.monitoring.windows import TaskWindow, TrainingRows
from migraine_assets.params import MonitoringSettings
from migraine_assets.stores.bundles.manifest import Manifest

TENURE = "observed_28d"


def drift_of(window: TaskWindow, settings: MonitoringSettings, *, training: TrainingRows | None = None) -> ModelDrift:
    """Measure each feature and the outputs against the bundle's reference.

    The domain classifier compares all features with the `training` rows, if these are available.
    """
    manifest = window.manifest
    outputs = window.frame["output"].to_numpy(np.float64)[:, None]
    matrix, names = np.hstack([window.matrix, outputs]), (*manifest.names, MODEL_OUTPUT)
    current = Window(matrix, names, window.groups(), unit=window.unit)
    reference = DriftReference(
        manifest.references,
        window.training_groups,
        categories=_categories(manifest),
        # If features cover several days, so do the outputs. Models without such features have no tenure.
        history=(*(feature.name for feature in manifest.features if feature.window > 1), MODEL_OUTPUT),
        tenure=TENURE,
    )
    auc = None
    # The training days of one person are grouped by nothing that they share with the window.
    if training is not None and window.unit == "participants" and len(window.frame) >= settings.drift.least_rows:
        auc = domain_auc(
            training.rows,
            window.matrix.astype(np.float32),
            reference_participants=training.participants,
            participants=window.groups(),
        )
    drift = measure_drift(current, reference, limits=settings.drift, domain_auc=auc)
    return ModelDrift(**asdict(drift), bundle=window.bundle, algorithm=manifest.algorithm)


def _categories(manifest: Manifest) -> tuple[str, ...]:
    """Return the features that are the day's value of a flag or a category."""
    unordered = {field.column for field in manifest.contract if field.kind in ("flag", "category")}
    return tuple(f.name for f in manifest.features if f.operation == "today" and f.columns[0] in unordered)


def realized_of(
    window: TaskWindow, outcomes: JoinedOutcomes, settings: MonitoringSettings, *, estimate: ModelPerformance | None
) -> RealizedPerformance:
    """Compare predictions with `outcomes` that are due, and the metrics with the earlier `estimate` of these days."""
    predicted = outcomes.predictions[outcomes.predictions["output"].notna()]
    target = "attack" if window.task == "attack" else "severity"
    known = predicted[predicted[target].notna() & (predicted["attack"] == 1 if target == "severity" else True)]
    performance = realized_performance(
        window.task,
        known[target].to_numpy(np.float64),
        known["output"].to_numpy(np.float64),
        window.groups(known),
        reference=window.own_test,
        threshold=_threshold(window),
        pending=int(predicted["attack"].isna().sum()),
        limits=settings.performance,
        unit=window.unit,
    )
    return RealizedPerformance(
        **asdict(performance),
        bundle=window.bundle,
        algorithm=window.manifest.algorithm,
        contradictions=outcomes.contradictions,
        own_test=metric_records(window.own_test),
        held=_comparisons(performance, estimate, window.bundle),
    )


def _comparisons(performance: Performance, estimate: ModelPerformance | None, bundle: str) -> dict[str, Comparison]:
    if estimate is None or estimate.bundle != bundle:
        return {}
    return compare_estimate(metric_intervals(estimate.metrics), metric_intervals(performance.metrics))


def estimated_of(window: TaskWindow, settings: MonitoringSettings) -> ModelPerformance:
    """Estimate the performance from the model's own probabilities, before outcomes are known."""
    predicted = window.frame[window.frame["output"].notna()]
    performance = estimated_performance(
        predicted["output"].to_numpy(np.float64),
        window.groups(predicted),
        threshold=_threshold(window),
        reference=window.own_test,
        limits=settings.performance,
        unit=window.unit,
    )
    return ModelPerformance(**asdict(performance), bundle=window.bundle, algorithm=window.manifest.algorithm)


def quality_of(
    frame: pd.DataFrame,
    *,
    torn: int,
    damaged: Sequence[str],
    windows: list[TaskWindow],
    earlier: list[DayQuality],
    limit: float,
) -> DayQuality:
    """Describe the predictions of one day, and how they differ from `earlier` days by more than `limit`."""
    missing = {name: share for window in windows for name, share in _missing(window).items()}
    return day_quality(frame, missing=missing, torn=torn, damaged=damaged, earlier=earlier, limit=limit)


def _missing(window: TaskWindow) -> dict[str, float]:
    matrix = window.matrix
    if not len(matrix):
        return {}
    return dict(zip(window.manifest.names, np.isnan(matrix).mean(axis=0).tolist(), strict=True))


def _threshold(window: TaskWindow) -> float:
    return 0.5 if window.manifest.threshold is None else window.manifest.threshold


def due_days(day: dt.date, settings: MonitoringSettings, *, count: int | None = None) -> list[dt.date]:
    """Return the `count` predicted days (by default a window) whose outcomes are due at the end of `day`."""
    last = day - dt.timedelta(days=settings.label_delay_days)
    return [last - dt.timedelta(days=back) for back in range((count or settings.window_days) - 1, -1, -1)]
