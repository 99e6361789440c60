"""The metrics of a replica: counting them, and rendering those of the whole node for Prometheus.

Here belongs what the application calls. Not here: the table of metrics (`serving.metrics.names`), how the counts of
several replicas are combined (`serving.metrics.shared_counts`), the families of published values
(`serving.metrics.families`).
"""

import contextlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import astuple
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from migraine_assets.stores.monitoring.gauges import MonitoringGauges
from migraine_assets.stores.monitoring.pipeline_status import PipelineStatus
from serving.jobs import DROP_REASONS
from serving.log.writer import LogState
from serving.metrics import names
from serving.metrics.families import BOUNDS, Published, family, gauge, latency, published
from serving.metrics.names import LATENCY_BUCKETS, MetricName
from serving.metrics.shared_counts import ModelInfo, NodeFolder, ReplicaState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counts of this replica and a view of all replicas of the node.

    Counting takes about a microsecond and is thread-safe. `tick` and `render` access files of the node; only `refresh`
    accesses the store. `registry` shows the node to prometheus-client.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gauges: Callable[[], MonitoringGauges | None] = lambda: None,
        pipeline: Callable[[], PipelineStatus | None] = lambda: None,
    ) -> None:
        self._node = NodeFolder(folder)
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_Node(self))
        self._read_gauges, self._read_pipeline = gauges, pipeline
        self._last = Published()
        self._models: tuple[ModelInfo, ...] = ()
        self._ready, self._problems = False, 0
        self._in_progress = self._backlog = 0
        self._published: ReplicaState | None = None
        for counter in names.COUNTERS:
            if not counter.labels:
                self._node.add(_key(counter), 0.0)
        for result in ("success", "failure"):
            self._node.add(_key(names.RELOADS, result), 0.0)
        for reason in DROP_REASONS:
            self._node.add(_key(names.DROPPED_JOBS, reason), 0.0)
        self.tick()

    def count_predictions(self, count: int, *, status: str, task: str, model: str, arm: str) -> None:
        """Count predictions of a task. `status`: "ok" or "abstained"; `model`: the hash of the bundle."""
        self._node.add(_key(names.PREDICTIONS, status, task, model, arm), count)

    def observe_latency(self, seconds: float) -> None:
        """Record the processing time of one prediction request."""
        self._node.add(_BUCKETS[bisect_left(LATENCY_BUCKETS, seconds)])
        self._node.add(_SUM, seconds)

    def count_request(self, method: str, endpoint: str, status: int) -> None:
        """Count one HTTP request. `endpoint`: the route template, never the path as sent."""
        self._node.add(_key(names.REQUESTS, method, endpoint, str(status)))

    def count_error(self, error_type: str) -> None:
        """Count one refused or failed request."""
        self._node.add(_key(names.ERRORS, error_type))

    def count_reload(self, *, success: bool) -> None:
        """Count one attempt to load the promoted models."""
        self._node.add(_key(names.RELOADS, "success" if success else "failure"))

    def count_table_worker_death(self) -> None:
        """Count one table that crashed the process that decodes tables."""
        self._node.add(_key(names.TABLE_WORKER_DEATHS))

    def count_dropped_job(self, reason: str) -> None:
        """Count one long request that was abandoned. `reason`: one of `DROP_REASONS`."""
        self._node.add(_key(names.DROPPED_JOBS, reason))

    def count_diary_change(self, operation: str) -> None:
        """Count one acknowledged change of a kept diary. `operation`: "put" or "delete"."""
        self._node.add(_key(names.DIARY_CHANGES, operation))

    def count_diary_failure(self) -> None:
        """Count one request that the database of kept diaries could not serve."""
        self._node.add(_key(names.DIARY_FAILURES))

    def count_abstentions(self, count: int) -> None:
        """Count attack predictions withheld because the history is too short."""
        self._node.add(_key(names.ABSTENTIONS), count)

    def count_out_of_range(self, field: str, count: int) -> None:
        """Count input values outside the range of the training data. `field`: a field of the contract."""
        self._node.add(_key(names.OUT_OF_RANGE, field), count)

    def set_model_info(self, models: Iterable[ModelInfo], *, ready: bool = True, problems: int = 0) -> None:
        """Replace the models that this replica holds. `problems`: the number of promoted models it failed to load."""
        self._models, self._ready, self._problems = tuple(models), ready, problems
        self.tick()

    def set_backlog(self, count: int) -> None:
        """Set the number of log entries in memory."""
        self._backlog = count

    def set_logs(self, states: Iterable[LogState]) -> None:
        """Update the metrics of this replica's logs."""
        states = tuple(states)
        self.set_backlog(sum(state.backlog for state in states))
        self._node.raise_to(_key(names.RECORDS_WRITTEN), sum(state.written for state in states))
        self._node.raise_to(_key(names.RECORDS_DROPPED), sum(state.dropped for state in states))
        self._node.raise_to(_key(names.RECORD_FAILURES), sum(state.failures for state in states))

    def enter(self) -> None:
        """Count an accepted request. Call this and `leave` in the event loop's thread only."""
        self._in_progress += 1

    def leave(self) -> None:
        """Count an answered request."""
        self._in_progress -= 1

    def tick(self) -> None:
        """Publish the current state to the other replicas. Call this about once a second."""
        state = ReplicaState(self._models, self._ready, self._problems, self._backlog, self._in_progress)
        # A full disk must not end the calling thread. The state is published once there is space.
        with contextlib.suppress(OSError):
            if state != self._published:
                self._node.publish(state)
                self._published = state

    def refresh(self) -> None:
        """Read what monitoring and Dagster have published. This accesses the store and may block."""
        self._last = Published(self._read_gauges() or self._last.gauges, self._read_pipeline() or self._last.pipeline)

    def render(self) -> bytes:
        """Return the node's metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def collect(self) -> Iterable[Metric]:
        """Yield the current metric families of the node."""
        self.tick()
        snapshot = self._node.snapshot()
        yield from _counts(snapshot.totals)
        yield from _gauges(snapshot.states)
        # A replica that read an older file must not decrease the counter.
        detected = self._node.highest("drift-detected", self._last.gauges.drift_detected_total)
        yield from published(self._last, detected=detected)

    def close(self) -> None:
        """Leave the node. Its counts remain."""
        self.tick()
        self._node.close()


class _Node(Collector):
    """The metrics of a node as a collector of prometheus-client."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics.collect()


def _counts(totals: Mapping[str, float]) -> Iterable[Metric]:
    by_name: dict[str, list[tuple[str, dict[str, str], float]]] = {}
    for key, value in totals.items():
        name, sample, labels, _ = json.loads(key)
        by_name.setdefault(name, []).append((sample, labels, value))
    for counter in names.COUNTERS:
        yield family(counter, by_name.get(counter.name, []))
    yield latency(by_name.get(names.LATENCY.name, []))


def _gauges(states: Sequence[ReplicaState]) -> Iterable[Metric]:
    yield gauge(names.REPLICAS, {(): float(len(states))})
    yield gauge(names.READY, {(): float(sum(state.ready for state in states))})
    yield gauge(names.PROBLEMS, {(): float(sum(state.problems for state in states))})
    yield gauge(names.BACKLOG, {(): float(sum(state.backlog for state in states))})
    yield gauge(names.IN_PROGRESS, {(): float(sum(state.in_progress for state in states))})
    models = {astuple(model) for state in states for model in state.models}
    yield gauge(names.MODEL_INFO, dict.fromkeys(sorted(models), 1.0))


@cache
def _key(metric: MetricName, *labels: str) -> str:
    """Return the key of a count, in the format of prometheus-client's multiprocess mode."""
    return _json(metric.name, f"{metric.name}_total", dict(zip(metric.labels, labels, strict=True)))


def _json(*parts: Any) -> str:
    return json.dumps([*parts, ""], sort_keys=True)


_BUCKETS = tuple(_json(names.LATENCY.name, f"{names.LATENCY.name}_bucket", {"le": bound}) for bound in BOUNDS)
_SUM = _json(names.LATENCY.name, f"{names.LATENCY.name}_sum", {})
