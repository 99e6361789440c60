"""Metric families of Prometheus' text format, built from values. Not here: the table of metrics (`names`)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client.core import Metric
from prometheus_client.utils import floatToGoString

from migraine_assets.stores.monitoring.gauges import FeatureGauges, MonitoringGauges, drift_scores
from migraine_assets.stores.monitoring.pipeline_status import JobSummary, PipelineStatus, TaskVerdict, TickSummary
from serving.metrics import names
from serving.metrics.names import LATENCY, LATENCY_BUCKETS, MetricName

Drift = Mapping[str, Mapping[str, FeatureGauges]]
Labels = TypeVar("Labels", bound=tuple[str, ...])
BOUNDS: tuple[str, ...] = (*map(floatToGoString, LATENCY_BUCKETS), "+Inf")


@dataclass(frozen=True)
class Published:
    """The newest readable state that monitoring and Dagster published through the store."""

    gauges: MonitoringGauges = field(default_factory=MonitoringGauges)
    pipeline: PipelineStatus | None = None


def published(state: Published, *, detected: float) -> Iterable[Metric]:
    """Yield the families of `state`. `detected`: the number of drift events, which never decreases."""
    yield gauge(names.ACCURACY, {(model,): value for model, value in state.gauges.model_accuracy.items()})
    yield from _drift(state.gauges.drift)
    # Files of earlier versions contain only `drift_score`.
    scores = drift_scores(state.gauges.drift) or state.gauges.drift_score
    yield gauge(names.DRIFT_SCORE, {(name,): value for name, value in scores.items()})
    yield family(names.DRIFT_DETECTED, [(f"{names.DRIFT_DETECTED.name}_total", {}, detected)])
    yield gauge(names.LOG_DAMAGE, {(): float(state.gauges.damaged_files)})
    if state.pipeline is not None:
        yield gauge(names.PUBLISHED, {(): state.pipeline.published_at})
        yield from _jobs(state.pipeline.jobs)
        yield from _ticks(state.pipeline.ticks)
        yield from _verdicts(state.pipeline.verdicts)


def _drift(drift: Drift) -> Iterable[Metric]:
    features = {(task, name): item for task, by_name in drift.items() for name, item in by_name.items()}
    yield gauge(names.DRIFT_RATIO, {labels: item.ratio for labels, item in features.items()})
    yield gauge(names.DRIFT_PSI, _known({labels: item.psi for labels, item in features.items()}))
    yield gauge(names.DRIFT_KS, _known({labels: item.ks for labels, item in features.items()}))
    yield gauge(names.DRIFT_JS, _known({labels: item.js for labels, item in features.items()}))
    yield gauge(names.DRIFT_MISSING, _known({labels: item.missing_change for labels, item in features.items()}))


def _known(values: Mapping[Labels, float | None]) -> dict[Labels, float]:
    return {labels: value for labels, value in values.items() if value is not None}


def _jobs(jobs: Mapping[str, JobSummary]) -> Iterable[Metric]:
    yield gauge(names.RUN_SUCCESS, {(name,): job.last_success for name, job in jobs.items()})
    yield gauge(names.RUN_FAILURE, {(name,): job.last_failure for name, job in jobs.items()})
    yield gauge(names.RUN_DURATION, {(name,): job.last_duration for name, job in jobs.items() if job.last_success})
    counts = {name: {"queued": job.queued, "running": job.running} for name, job in jobs.items()}
    yield gauge(
        names.RUNS, {(name, status): n for name, by_status in counts.items() for status, n in by_status.items()}
    )


def _ticks(ticks: Mapping[str, TickSummary]) -> Iterable[Metric]:
    yield gauge(
        names.TICK_INTERVAL, {(tick.kind, name): tick.interval for name, tick in ticks.items() if tick.interval}
    )
    yield gauge(names.TICK_SUCCESS, {(tick.kind, name): tick.last_success for name, tick in ticks.items()})
    yield gauge(names.TICK_FAILURE, {(tick.kind, name): tick.last_failure for name, tick in ticks.items()})


def _verdicts(verdicts: Mapping[str, Mapping[str, TaskVerdict]]) -> Iterable[Metric]:
    labels = [(kind, task, verdict.status) for kind, tasks in verdicts.items() for task, verdict in tasks.items()]
    yield gauge(names.VERDICT, dict.fromkeys(labels, 1.0))
    ends = {kind: max(_end(verdict.day) for verdict in tasks.values()) for kind, tasks in verdicts.items() if tasks}
    yield gauge(names.RESULT_DAY, {(kind,): end for kind, end in ends.items()})


def _end(day: str) -> float:
    """Return the end of an ISO day in UTC, seconds since 1970; 0.0 for text that is not a day."""
    try:
        next_day = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    except ValueError:
        return 0.0
    return dt.datetime.combine(next_day, dt.time(), dt.UTC).timestamp()


def family(metric: MetricName, samples: Iterable[tuple[str, dict[str, str], float]]) -> Metric:
    """Return a family of samples, each with name, labels and value."""
    result = Metric(metric.name, metric.help, metric.kind)
    for sample, labels, value in sorted(samples, key=str):
        result.add_sample(sample, labels, value)
    return result


def gauge(metric: MetricName, values: Mapping[Labels, float]) -> Metric:
    """Return a gauge from its values by label values."""
    return family(
        metric, [(metric.name, dict(zip(metric.labels, labels, strict=True)), v) for labels, v in values.items()]
    )


def latency(samples: Iterable[tuple[str, dict[str, str], float]]) -> Metric:
    """Return the latency histogram. Counts are stored per bucket; Prometheus expects cumulative ones."""
    counts = {labels.get("le", "sum"): value for _, labels, value in samples}
    result, total = Metric(LATENCY.name, LATENCY.help, "histogram"), 0.0
    for bound in BOUNDS:
        total += counts.get(bound, 0.0)
        result.add_sample(f"{LATENCY.name}_bucket", {"le": bound}, total)
    result.add_sample(f"{LATENCY.name}_count", {}, total)
    result.add_sample(f"{LATENCY.name}_sum", {}, counts.get("sum", 0.0))
    return result
