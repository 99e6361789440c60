"""Samples put into the families that Prometheus' text form is made of. Not here: which there are, nor their values."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from prometheus_client.core import Metric
from prometheus_client.utils import floatToGoString

from serving.metric_names import LATENCY, LATENCY_BUCKETS, MetricName

Labels = TypeVar("Labels", bound=tuple[str, ...])
BOUNDS = (*map(floatToGoString, LATENCY_BUCKETS), "+Inf")


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
