"""What a service's counters say about the last minutes: error rate, latency, models.

Counters only grow, and begin anew when a process does; so two readings are subtracted, series by series. Not here:
fetching and parsing them, and what is done about them.
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
WANTED = (REQUESTS, BUCKETS, PROBLEMS, READY, MODELS)

# Sample name with its sorted labels.
Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Reading:
    """All samples of one moment."""

    when: dt.datetime
    values: Mapping[Series, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceLimits:
    """`least_requests`: fewer in the window say nothing. `window_minutes`: what "the last minutes" are."""

    error_rate: float = 0.05
    p95_seconds: float = 1.0
    least_requests: int = 20
    window_minutes: float = 5.0


@dataclass(frozen=True)
class Recent:
    """The service between two readings. Rates and percentiles are None where too little happened.

    `p95` is infinite where it lies beyond the histogram's last bound. Of the last reading alone: `problems` (bundles
    refused and the like), `ready` (replicas with models; None where the service does not say) and `models`.
    """

    requests: float
    errors: float
    error_rate: float | None
    predictions: float
    p95: float | None
    problems: float
    ready: float | None
    models: tuple[str, ...]


def kept(readings: Sequence[Reading], *, now: dt.datetime, limits: ServiceLimits) -> tuple[Reading, ...]:
    """The readings that the window still needs: those in it and the newest one before it.

    Readings of the future (a clock was set back) and of long ago (nobody looked) are no use.
    """
    window = dt.timedelta(minutes=limits.window_minutes)
    usable = [reading for reading in readings if now - 3 * window <= reading.when <= now]
    older = [reading for reading in usable if now - reading.when >= window]
    return (*older[-1:], *(reading for reading in usable if now - reading.when < window))


def recent(readings: Sequence[Reading], *, limits: ServiceLimits) -> Recent:
    """What happened from the first reading to the last, both given oldest first and at least one."""
    grown: dict[Series, float] = {}
    for before, after in pairwise(readings):
        for series, value in _growth(before.values, after.values).items():
            grown[series] = grown.get(series, 0.0) + value
    requests = _total(grown, REQUESTS)
    errors = sum(value for (name, labels), value in grown.items() if name == REQUESTS and _is_error(dict(labels)))
    buckets = _buckets(grown)
    predictions = buckets[-1][1] if buckets else 0.0
    return Recent(
        requests=requests,
        errors=errors,
        error_rate=errors / requests if requests >= limits.least_requests else None,
        predictions=predictions,
        p95=quantile(buckets, 0.95) if predictions >= limits.least_requests else None,
        problems=readings[-1].values.get((PROBLEMS, ()), 0.0),
        ready=readings[-1].values.get((READY, ())),
        models=tuple(sorted(_model(dict(labels)) for name, labels in readings[-1].values if name == MODELS)),
    )


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """The quantile of a histogram of (upper bound, cumulative count), evenly spread in each bucket.

    As Prometheus' `histogram_quantile`, but infinite beyond the last finite bound, since that is where it is bad.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    wanted, low, below = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted and count > below:
            return bound if math.isinf(bound) else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, max(below, count)
    return None


def _growth(before: Mapping[Series, float], after: Mapping[Series, float]) -> dict[Series, float]:
    # A value that went back belongs to a process that began anew: all of it is new.
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
