"""A look at the service's own figures: error rate, latency, refused bundles, and whether it is there at all.

For a service of one node. Where several answer behind one address, their counters mix: there Prometheus with the
chart's rules is the place to look. Not here: the arithmetic (`core.alerts.service_metrics`).
"""

import datetime as dt
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migraine_assets.core.alerts.kinds import Alert, alert
from migraine_assets.core.alerts.service_metrics import WANTED, Reading, Recent, ServiceLimits, kept, recent
from migraine_assets.defs.alerting.probe import Finding, Scene, scrape
from migraine_assets.errors import StoreError
from migraine_assets.stores.alerts.notifier import Notifier, Observation

KINDS = frozenset({"error_rate", "latency", "bundle_refused", "service_down"})
SUBJECT, PATIENCE = "service", 2
LIMITS = ServiceLimits()


@dataclass(frozen=True)
class Memory:
    """What the cursor holds. `misses`: looks in a row at which it did not answer or was not ready."""

    readings: tuple[Reading, ...] = ()
    misses: int = 0


def service(scene: Scene, _: Notifier) -> Finding:
    """What the last minutes of the service were like."""
    url = scene.settings.service_url
    if not url:
        return Finding(Observation(whole=KINDS), "MIGRAINE_SERVICE_URL is not set: no service is looked at.")
    memory = recall(scene.cursor)
    try:
        reading = scrape(url, wanted=WANTED, now=scene.now)
    except StoreError as error:
        return _no_answer(scene, Memory(memory.readings, memory.misses + 1), str(error))
    readings = kept((*memory.readings, reading), now=scene.now, limits=LIMITS)
    figures = recent(readings, limits=LIMITS)
    misses = memory.misses + 1 if figures.ready == 0 else 0
    seen = tuple(_alerts(figures, since=scene.now, misses=misses))
    waiting = {("service_down", SUBJECT)} if 0 < misses < PATIENCE else set()
    observation = Observation(seen, KINDS, frozenset(waiting))
    return Finding(observation, _sentence(figures), remember(Memory(readings, misses)))


def _no_answer(scene: Scene, memory: Memory, problem: str) -> Finding:
    unknown = {(kind, SUBJECT) for kind in KINDS}
    down = [alert("service_down", SUBJECT, problem, since=scene.now)] if memory.misses >= PATIENCE else []
    return Finding(Observation(tuple(down), KINDS, frozenset(unknown)), problem, remember(memory))


def _alerts(figures: Recent, *, since: dt.datetime, misses: int) -> Iterator[Alert]:
    model = ", ".join(figures.models)
    if figures.error_rate is not None and figures.error_rate > LIMITS.error_rate:
        what = f"{figures.error_rate:.1%} of {figures.requests:.0f} answers in {_window()} were server errors."
        yield alert("error_rate", SUBJECT, f"{what} The limit is {LIMITS.error_rate:.0%}.", since=since, model=model)
    if figures.p95 is not None and figures.p95 > LIMITS.p95_seconds:
        what = f"The 95th percentile of {figures.predictions:.0f} predictions in {_window()} was {_time(figures.p95)}."
        yield alert("latency", SUBJECT, f"{what} The limit is {LIMITS.p95_seconds:.0f} s.", since=since, model=model)
    if figures.problems > 0:
        what = "A replica serves otherwise than was promoted: a bundle was refused. Its log and `/ready` say which."
        yield alert("bundle_refused", SUBJECT, what, since=since, model=model)
    if misses >= PATIENCE:
        yield alert("service_down", SUBJECT, "It answers, but no replica holds a model.", since=since)


def _sentence(figures: Recent) -> str:
    rate = "too few to judge" if figures.error_rate is None else f"{figures.error_rate:.1%} failed"
    p95 = "" if figures.p95 is None else f", p95 {_time(figures.p95)}"
    return f"{figures.requests:.0f} requests in {_window()}, {rate}{p95}."


def _window() -> str:
    return f"the last {LIMITS.window_minutes:.0f} minutes"


def _time(seconds: float) -> str:
    return "beyond the histogram's last bound" if math.isinf(seconds) else f"{seconds:.2f} s"


def remember(memory: Memory) -> str:
    """A cursor."""
    readings = [
        {
            "when": one.when.isoformat(),
            "values": [[name, labels, value] for (name, labels), value in one.values.items()],
        }
        for one in memory.readings
    ]
    return json.dumps({"misses": memory.misses, "readings": readings})


def recall(cursor: str) -> Memory:
    """What a cursor holds; nothing where it is lost or of another version."""
    try:
        content = json.loads(cursor)
        return Memory(tuple(_reading(one["when"], one["values"]) for one in content["readings"]), content["misses"])
    except (ValueError, KeyError, TypeError):
        return Memory()


def _reading(when: str, values: Sequence[tuple[str, list[list[str]], float]]) -> Reading:
    series = {(name, tuple((label[0], label[1]) for label in labels)): value for name, labels, value in values}
    return Reading(dt.datetime.fromisoformat(when), series)
