"""The stored results of checking a model's performance.

The JSON names of the structs are part of the stored format. Not here: computing them (`core.monitoring.performance`),
files (`stores.monitoring.results`).
"""

import datetime as dt

import msgspec

from migraine_assets.core.metrics.interval import IntervalRecord, Scores, interval_record
from migraine_assets.core.monitoring.verdict import Verdict

Metrics = dict[str, IntervalRecord]


class Performance(Verdict, frozen=True, kw_only=True):
    """Metrics of a window, with intervals over participants. `pending`: predictions without an outcome yet."""

    rows: int
    participants: int
    pending: int = 0
    metrics: Metrics = msgspec.field(default_factory=dict)


class Comparison(msgspec.Struct, frozen=True):
    """An estimate and the value that was realized later. `held`: whether their intervals overlap."""

    estimated: IntervalRecord
    realized: IntervalRecord = msgspec.field(name="realised")
    held: bool = False


class ModelPerformance(Performance, frozen=True, kw_only=True):
    """The estimated performance of a model. `since`: first day of the current status without interruption."""

    bundle: str
    algorithm: str
    since: dt.date | None = None


class RealizedPerformance(ModelPerformance, frozen=True, kw_only=True):
    """The realized performance of a model, beside its own test and the earlier estimate.

    `contradictions`: number of participant days with contradicting outcomes. `own_test`: metrics on the model's test
    participants. `held`: comparisons with the estimate for the same days, by metric.
    """

    contradictions: int = 0
    own_test: Metrics = msgspec.field(default_factory=dict)
    held: dict[str, Comparison] = msgspec.field(default_factory=dict)


def metric_records(scores: Scores) -> Metrics:
    """Return the metrics in their stored form."""
    return {name: interval_record(interval) for name, interval in scores.items()}


def metric_intervals(metrics: Metrics) -> Scores:
    """Return the metrics from their stored form."""
    return {name: record.interval for name, record in metrics.items()}
