"""The probe of the service's metrics: error rate, latency, refused bundles, and whether it responds.

It is for a service on one node. With several nodes behind one address, it would mix their counters: use Prometheus with
the chart's rules instead. Not here: the arithmetic (`core.alerts.service_metrics`).
"""

import datetime as dt
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migraine_assets.core.alerts.kinds import Alert, alert
from migraine_assets.core.alerts.service_metrics import (
    SAMPLES,
    Reading,
    ServiceLimits,
    ServiceMetrics,
    readings_of_window,
    summarize,
)
from migraine_assets.defs.alerting.probe import ProbeContext, ProbeResult, scrape
from migraine_assets.errors import StoreError
from migraine_assets.stores.alerts.notifier import Notifier, Observation

KINDS = frozenset({"error_rate", "latency", "bundle_refused", "service_down"})
SUBJECT, PATIENCE = "service", 2
LIMITS = ServiceLimits()


@dataclass(frozen=True)
class CursorState:
    """The content of the cursor. `misses`: consecutive evaluations in which the service was down or not ready."""

    readings: tuple[Reading, ...] = ()
    misses: int = 0


def service(context: ProbeContext, _: Notifier) -> ProbeResult:
    """Alert on the metrics of the service in the last minutes."""
    url = context.settings.service_url
    if not url:
        return ProbeResult(Observation(complete=KINDS), "MIGRAINE_SERVICE_URL is not set: no service is evaluated.")
    last = decode_cursor(context.cursor)
    try:
        reading = scrape(url, names=SAMPLES, now=context.now)
    except StoreError as error:
        return _no_response(context, CursorState(last.readings, last.misses + 1), str(error))
    readings = readings_of_window((*last.readings, reading), now=context.now, limits=LIMITS)
    metrics = summarize(readings, limits=LIMITS)
    misses = last.misses + 1 if metrics.ready == 0 else 0
    seen = tuple(_alerts(metrics, since=context.now, misses=misses))
    undecided = {("service_down", SUBJECT)} if 0 < misses < PATIENCE else set()
    observation = Observation(seen, KINDS, frozenset(undecided))
    return ProbeResult(observation, _sentence(metrics), encode_cursor(CursorState(readings, misses)))


def _no_response(context: ProbeContext, last: CursorState, problem: str) -> ProbeResult:
    unknown = {(kind, SUBJECT) for kind in KINDS}
    down = [alert("service_down", SUBJECT, problem, since=context.now)] if last.misses >= PATIENCE else []
    return ProbeResult(Observation(tuple(down), KINDS, frozenset(unknown)), problem, encode_cursor(last))


def _alerts(metrics: ServiceMetrics, *, since: dt.datetime, misses: int) -> Iterator[Alert]:
    model = ", ".join(metrics.models)
    if metrics.error_rate is not None and metrics.error_rate > LIMITS.error_rate:
        what = f"{metrics.error_rate:.1%} of {metrics.requests:.0f} responses in {_window()} were server errors."
        yield alert("error_rate", SUBJECT, f"{what} The limit is {LIMITS.error_rate:.0%}.", since=since, model=model)
    if metrics.p95 is not None and metrics.p95 > LIMITS.p95_seconds:
        requests = f"{metrics.prediction_requests:.0f} prediction requests in {_window()}"
        what = f"The 95th percentile of {requests} was {_time(metrics.p95)}."
        yield alert("latency", SUBJECT, f"{what} The limit is {LIMITS.p95_seconds:.0f} s.", since=since, model=model)
    if metrics.problems > 0:
        what = "A replica failed to load a promoted model. Its log and `/ready` give the reason."
        yield alert("bundle_refused", SUBJECT, what, since=since, model=model)
    if misses >= PATIENCE:
        yield alert("service_down", SUBJECT, "The service responds, but no replica holds a model.", since=since)


def _sentence(metrics: ServiceMetrics) -> str:
    rate = "too few for a rate" if metrics.error_rate is None else f"{metrics.error_rate:.1%} failed"
    p95 = "" if metrics.p95 is None else f", p95 {_time(metrics.p95)}"
    return f"{metrics.requests:.0f} requests in {_window()}, {rate}{p95}."


def _window() -> str:
    return f"the last {LIMITS.window_minutes:.0f} minutes"


def _time(seconds: float) -> str:
    return "beyond the histogram's last bound" if math.isinf(seconds) else f"{seconds:.2f} s"


def encode_cursor(state: CursorState) -> str:
    """Return the cursor of a state."""
    readings = [
        {
            "when": one.when.isoformat(),
            "values": [[name, labels, value] for (name, labels), value in one.values.items()],
        }
        for one in state.readings
    ]
    return json.dumps({"misses": state.misses, "readings": readings})


def decode_cursor(cursor: str) -> CursorState:
    """Return the state of a cursor, or an empty one if the cursor is lost or of another version."""
    try:
        content = json.loads(cursor)
        return CursorState(
            tuple(_reading(one["when"], one["values"]) for one in content["readings"]), content["misses"]
        )
    except (ValueError, KeyError, TypeError):
        return CursorState()


def _reading(when: str, values: Sequence[tuple[str, list[list[str]], float]]) -> Reading:
    series = {(name, tuple((label[0], label[1]) for label in labels)): value for name, labels, value in values}
    return Reading(dt.datetime.fromisoformat(when), series)
