"""Error rate, latency and models of a service in the last minutes, computed from its counters.

A counter only grows, and restarts at 0 with its process, so readings are subtracted series by series. Not here:
scraping the service (`defs.alerting.probe`) and raising alerts (`defs.alerting.service`).
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

REQUESTS = "migraine_api_requests_total"
BUCKETS = "migraine_prediction_latency_seconds_bucket"
PROBLEMS = "migraine_model_problems"
READY = "migraine_ready_replicas"
MODELS = "migraine_model_info"
SAMPLES = (REQUESTS, BUCKETS, PROBLEMS, READY, MODELS)

# Name and sorted labels of a sample.
Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Reading:
    """The samples of one scrape."""

    when: dt.datetime
    values: Mapping[Series, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceLimits:
    """Limits of the service's metrics.

    `least_requests`: minimum number of requests in the window for a rate or percentile. `window_minutes`: length of the
    window.
    """

    error_rate: float = 0.05
    p95_seconds: float = 1.0
    least_requests: int = 20
    window_minutes: float = 5.0


@dataclass(frozen=True)
class ServiceMetrics:
    """The metrics of a service in a window. Rates and percentiles are None if there are too few requests.

    `prediction_requests`: number of latencies observed; a batch is one. `p95`: seconds, infinite above the last bound
    of the histogram. From the last reading only: `problems` (number of models that could not be loaded), `ready`
    (number of replicas with models; None if the service does not report it) and `models`.
    """

    requests: float
    errors: float
    error_rate: float | None
    prediction_requests: float
    p95: float | None
    problems: float
    ready: float | None
    models: tuple[str, ...]


def readings_of_window(readings: Sequence[Reading], *, now: dt.datetime, limits: ServiceLimits) -> tuple[Reading, ...]:
    """Return the readings within the window, and the newest one before it.

    Readings in the future (the clock was set back) and long before the window (evaluation had stopped) are dropped.
    """
    window = dt.timedelta(minutes=limits.window_minutes)
    usable = [reading for reading in readings if now - 3 * window <= reading.when <= now]
    older = [reading for reading in usable if now - reading.when >= window]
    return (*older[-1:], *(reading for reading in usable if now - reading.when < window))


def summarize(readings: Sequence[Reading], *, limits: ServiceLimits) -> ServiceMetrics:
    """Compute the metrics between the first and the last of `readings`, which has at least one, oldest first."""
    grown: dict[Series, float] = {}
    for before, after in pairwise(readings):
        for series, value in _growth(before.values, after.values).items():
            grown[series] = grown.get(series, 0.0) + value
    requests = _total(grown, REQUESTS)
    errors = sum(value for (name, labels), value in grown.items() if name == REQUESTS and _is_error(dict(labels)))
    buckets = _buckets(grown)
    prediction_requests = buckets[-1][1] if buckets else 0.0
    return ServiceMetrics(
        requests=requests,
        errors=errors,
        error_rate=errors / requests if requests >= limits.least_requests else None,
        prediction_requests=prediction_requests,
        p95=quantile(buckets, 0.95) if prediction_requests >= limits.least_requests else None,
        problems=readings[-1].values.get((PROBLEMS, ()), 0.0),
        ready=readings[-1].values.get((READY, ())),
        models=tuple(sorted(_model(dict(labels)) for name, labels in readings[-1].values if name == MODELS)),
    )


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """Return the quantile `share` of a histogram of (upper bound, cumulative count), interpolated within a bucket.

    This is Prometheus' `histogram_quantile`, except that the result is infinite above the last finite bound.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank, low, below = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= rank and count > below:
            return bound if math.isinf(bound) else low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, max(below, count)
    return None


def _growth(before: Mapping[Series, float], after: Mapping[Series, float]) -> dict[Series, float]:
    # A value that decreased belongs to a restarted process, so all of it is new.
    return {
        series: value - earlier if (earlier := before.get(series, 0.0)) <= value else value
        for series, value in after.items()
    }


def _total(grown: Mapping[Series, float], name: str) -> float:
    return sum(value for (sample, _), value in grown.items() if sample == name)


def _model(labels: Mapping[str, str]) -> str:
    return f"{labels.get('task', '?')} {labels.get('algorithm', '?')} {labels.get('model', '?')[:12]}"


def _is_error(labels: Mapping[str, str]) -> bool:
    return labels.get("status", "").startswith("5")


def _buckets(grown: Mapping[Series, float]) -> list[tuple[float, float]]:
    totals: dict[float, float] = {}
    for (name, labels), value in grown.items():
        if name == BUCKETS:
            bound = float(dict(labels)["le"])
            totals[bound] = totals.get(bound, 0.0) + value
    return sorted(totals.items())
