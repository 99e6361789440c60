"""The service's metrics: how they are counted and shown to Prometheus.

Here belongs what the application calls. Not here: names and meaning (`serving.metrics.names`), how the counts of
several replicas come together (`serving.metrics.shared_counts`), and what others publish (`serving.metrics.families`).
"""

import contextlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from migraine_assets.stores.monitoring.gauges import Figures
from migraine_assets.stores.monitoring.pipeline_status import Operations
from serving.log.writer import LogState
from serving.metrics import names
from serving.metrics.families import BOUNDS, Published, family, gauge, latency, published
from serving.metrics.names import LATENCY_BUCKETS, MetricName
from serving.metrics.shared_counts import NodeFolder, Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class ModelInfo:
    """A model that a replica holds. `model`: the bundle's hash."""

    task: str
    arm: str
    algorithm: str
    model: str
    data_version: str


class Metrics:
    """The counts of this replica, and the view of all replicas of the node.

    Counting takes about a microsecond and may be done from any thread; `tick` and `render` read and write files of the
    node; only `look` asks the store.
    """

    def __init__(
        self,
        folder: Path,
        *,
        figures: Callable[[], Figures | None] = lambda: None,
        operations: Callable[[], Operations | None] = lambda: None,
    ) -> None:
        self._node = NodeFolder(folder)
        self._figures, self._operations = figures, operations
        self._last = Published()
        self._models: tuple[ModelInfo, ...] = ()
        self._ready, self._problems = False, 0
        self._in_progress = self._backlog = 0
        self._published: dict[str, Any] | None = None
        for counter in names.COUNTERS:
            if not counter.labels:
                self._node.add(_key(counter), 0.0)
        for result in ("success", "failure"):
            self._node.add(_key(names.RELOADS, result), 0.0)
        self.tick()

    def count_predictions(self, count: int, *, status: str, task: str, model: str, arm: str) -> None:
        """Predictions of a task. `status`: "ok", "abstained", "error"; `model`: the bundle's hash."""
        self._node.add(_key(names.PREDICTIONS, status, task, model, arm), count)

    def observe_latency(self, seconds: float) -> None:
        """The time that one request for predictions took."""
        self._node.add(_BUCKETS[bisect_left(LATENCY_BUCKETS, seconds)])
        self._node.add(_SUM, seconds)

    def count_request(self, method: str, endpoint: str, status: int) -> None:
        """One HTTP request. `endpoint`: the route's template, never the path as sent."""
        self._node.add(_key(names.REQUESTS, method, endpoint, str(status)))

    def count_error(self, error_type: str) -> None:
        """One refused or failed request."""
        self._node.add(_key(names.ERRORS, error_type))

    def count_reload(self, *, success: bool) -> None:
        """One attempt to load what the pointer names."""
        self._node.add(_key(names.RELOADS, "success" if success else "failure"))

    def count_abstentions(self, count: int) -> None:
        """Predictions not given for lack of history."""
        self._node.add(_key(names.ABSTENTIONS), count)

    def count_out_of_range(self, field: str, count: int) -> None:
        """Values outside what training saw. `field`: of the contract."""
        self._node.add(_key(names.OUT_OF_RANGE, field), count)

    def set_model_info(self, models: Iterable[ModelInfo], *, ready: bool = True, problems: int = 0) -> None:
        """What this replica holds now; what it held before is no longer shown. `problems`: what is not as promoted."""
        self._models, self._ready, self._problems = tuple(models), ready, problems
        self.tick()

    def set_backlog(self, count: int) -> None:
        """Receipts and feedback in memory."""
        self._backlog = count

    def set_logs(self, states: Iterable[LogState]) -> None:
        """How the logs of this replica go."""
        states = tuple(states)
        self.set_backlog(sum(state.backlog for state in states))
        self._node.raise_to(_key(names.RECEIPTS_WRITTEN), sum(state.written for state in states))
        self._node.raise_to(_key(names.RECEIPTS_DROPPED), sum(state.dropped for state in states))
        self._node.raise_to(_key(names.RECEIPT_FAILURES), sum(state.failures for state in states))

    def enter(self) -> None:
        """A request has come into this replica. Called in the event loop's thread only, as `leave` is."""
        self._in_progress += 1

    def leave(self) -> None:
        """A request has been answered."""
        self._in_progress -= 1

    def tick(self) -> None:
        """Let the other replicas see the present state; to be called about once a second."""
        state = {
            "models": [asdict(model) for model in self._models],
            "ready": self._ready,
            "problems": self._problems,
            "backlog": self._backlog,
            "in_progress": self._in_progress,
        }
        # A full disk delays what others see; it must not end the thread that calls this.
        with contextlib.suppress(OSError):
            if state != self._published:
                self._node.publish(state)
                self._published = state

    def look(self) -> None:
        """See what monitoring and Dagster have published since. Asks the store, which may take its time."""
        self._last = Published(self._figures() or self._last.figures, self._operations() or self._last.operations)

    def render(self) -> bytes:
        """The node's metrics in Prometheus' text form."""
        self.tick()
        registry = CollectorRegistry(auto_describe=False)
        # A replica that has read an older copy must not let the counter go back.
        detected = self._node.highest("drift-detected", self._last.figures.drift_detected_total)
        registry.register(_View(self._node.snapshot(), self._last, detected=detected))
        return generate_latest(registry)

    def close(self) -> None:
        """Leave the node; the counts stay."""
        self.tick()
        self._node.close()


class _View(Collector):
    """A snapshot as metric families."""

    def __init__(self, snapshot: Snapshot, published: Published, *, detected: float) -> None:
        self._snapshot, self._published, self._detected = snapshot, published, detected

    def collect(self) -> Iterable[Metric]:
        by_name: dict[str, list[tuple[str, dict[str, str], float]]] = {}
        for key, value in self._snapshot.totals.items():
            name, sample, labels, _ = json.loads(key)
            by_name.setdefault(name, []).append((sample, labels, value))
        for counter in names.COUNTERS:
            yield family(counter, by_name.get(counter.name, []))
        yield latency(by_name.get(names.LATENCY.name, []))
        yield from self._gauges()
        yield from published(self._published, detected=self._detected)

    def _gauges(self) -> Iterable[Metric]:
        states = self._snapshot.states
        yield gauge(names.REPLICAS, {(): float(len(states))})
        yield gauge(names.READY, {(): float(sum(state["ready"] for state in states))})
        yield gauge(names.PROBLEMS, {(): float(sum(state.get("problems", 0) for state in states))})
        yield gauge(names.BACKLOG, {(): float(sum(state["backlog"] for state in states))})
        yield gauge(names.IN_PROGRESS, {(): float(sum(state["in_progress"] for state in states))})
        models = {tuple(model[label] for label in names.MODEL_INFO.labels) for s in states for model in s["models"]}
        yield gauge(names.MODEL_INFO, dict.fromkeys(sorted(models), 1.0))


@cache
def _key(metric: MetricName, *labels: str) -> str:
    """The key of a count, in the form of prometheus-client's multiprocess mode."""
    return _json(metric.name, f"{metric.name}_total", dict(zip(metric.labels, labels, strict=True)))


def _json(*parts: Any) -> str:
    return json.dumps([*parts, ""], sort_keys=True)


_BUCKETS = tuple(_json(names.LATENCY.name, f"{names.LATENCY.name}_bucket", {"le": bound}) for bound in BOUNDS)
_SUM = _json(names.LATENCY.name, f"{names.LATENCY.name}_sum", {})
