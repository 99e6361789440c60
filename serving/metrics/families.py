"""Samples put into the families that Prometheus' text form is made of. Not here: which there are, nor their values."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client.core import Metric
from prometheus_client.utils import floatToGoString

from migraine_assets.stores.monitoring.gauges import Figures
from migraine_assets.stores.monitoring.pipeline_status import JobFigures, Operations, TickFigures, Verdict
from serving.metrics import names
from serving.metrics.names import LATENCY, LATENCY_BUCKETS, MetricName


@dataclass(frozen=True)
class Published:
    """The last that could be read of each."""

    figures: Figures = field(default_factory=Figures)
    operations: Operations | None = None


def published(found: Published, *, detected: float) -> Iterable[Metric]:
    """Every family. `detected`: how often drift was found, which never goes back."""
    figures, operations = found.figures, found.operations
    yield gauge(names.ACCURACY, {(model,): value for model, value in figures.model_accuracy.items()})
    yield gauge(names.DRIFT_SCORE, {(name,): value for name, value in figures.drift_score.items()})
    yield family(names.DRIFT_DETECTED, [(f"{names.DRIFT_DETECTED.name}_total", {}, detected)])
    if operations is not None:
        yield gauge(names.PUBLISHED, {(): operations.published_at})
        yield from _jobs(operations.jobs)
        yield from _ticks(operations.ticks)
        yield from _verdicts(operations.verdicts)


def _jobs(jobs: Mapping[str, JobFigures]) -> Iterable[Metric]:
    yield gauge(names.RUN_SUCCESS, {(name,): job.last_success for name, job in jobs.items()})
    yield gauge(names.RUN_FAILURE, {(name,): job.last_failure for name, job in jobs.items()})
    yield gauge(names.RUN_DURATION, {(name,): job.last_duration for name, job in jobs.items() if job.last_success})
    counts = {name: {"queued": job.queued, "running": job.running} for name, job in jobs.items()}
    yield gauge(
        names.RUNS, {(name, status): n for name, by_status in counts.items() for status, n in by_status.items()}
    )


def _ticks(ticks: Mapping[str, TickFigures]) -> Iterable[Metric]:
    yield gauge(
        names.TICK_INTERVAL, {(tick.kind, name): tick.interval for name, tick in ticks.items() if tick.interval}
    )
    yield gauge(names.TICK_SUCCESS, {(tick.kind, name): tick.last_success for name, tick in ticks.items()})
    yield gauge(names.TICK_FAILURE, {(tick.kind, name): tick.last_failure for name, tick in ticks.items()})


def _verdicts(verdicts: Mapping[str, Mapping[str, Verdict]]) -> Iterable[Metric]:
    said = [(kind, task, found.status) for kind, tasks in verdicts.items() for task, found in tasks.items()]
    yield gauge(names.VERDICT, dict.fromkeys(said, 1.0))
    days = {kind: max(_end(found.day) for found in tasks.values()) for kind, tasks in verdicts.items() if tasks}
    yield gauge(names.RESULT_DAY, {(kind,): end for kind, end in days.items()})


def _end(day: str) -> float:
    """The moment (UTC) at which a day is over; 0.0 for what is no day."""
    try:
        next_day = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    except ValueError:
        return 0.0
    return dt.datetime.combine(next_day, dt.time(), dt.UTC).timestamp()


Labels = TypeVar("Labels", bound=tuple[str, ...])
BOUNDS: tuple[str, ...] = (*map(floatToGoString, LATENCY_BUCKETS), "+Inf")


def family(metric: MetricName, samples: Iterable[tuple[str, dict[str, str], float]]) -> Metric:
    """A family of samples: name, labels, value."""
    made = Metric(metric.name, metric.help, metric.kind)
    for sample, labels, value in sorted(samples, key=str):
        made.add_sample(sample, labels, value)
    return made


def gauge(metric: MetricName, values: Mapping[Labels, float]) -> Metric:
    """A gauge from its values by label values."""
    return family(
        metric, [(metric.name, dict(zip(metric.labels, labels, strict=True)), v) for labels, v in values.items()]
    )


def latency(samples: Iterable[tuple[str, dict[str, str], float]]) -> Metric:
    """Buckets are kept apart and shown added up, as Prometheus wants them."""
    counts = {labels.get("le", "sum"): value for _, labels, value in samples}
    made, total = Metric(LATENCY.name, LATENCY.help, "histogram"), 0.0
    for bound in BOUNDS:
        total += counts.get(bound, 0.0)
        made.add_sample(f"{LATENCY.name}_bucket", {"le": bound}, total)
    made.add_sample(f"{LATENCY.name}_count", {}, total)
    made.add_sample(f"{LATENCY.name}_sum", {}, counts.get("sum", 0.0))
    return made
