"""Real monitoring results as Prometheus sees them, for the tests of rules and dashboards.

Here belongs the path from a prediction log to the text of `/metrics`: the monitoring job, the status sensor and the
service's registry. Not here: what must follow from the series (the tests).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from migraine_assets.core.features.matrix import FeatureRows
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.stores.monitoring.gauges import read_gauges
from migraine_assets.stores.monitoring.pipeline_status import read_pipeline_status
from migraine_assets.stores.monitoring.results import DRIFT, task_result
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.defs.automation.automation_home import AutomationHome
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome, cohort
from serving.metrics.registry import Metrics
from serving.metrics.shared_counts import ModelInfo

DAYS = 7
SEED = 17  # of participants that the champion was not trained on
SHIFT = {"sleep_change": -2.5, "stress_change": 3.0}


@dataclass(frozen=True)
class Monitored:
    """A store after its monitoring. `texts`: `/metrics` of a ready replica after the monitoring of each day."""

    store: Store
    texts: tuple[str, ...]

    @property
    def drift(self) -> ModelDrift:
        """The drift result of the task "attack"."""
        result = task_result(self.store, DRIFT, LAST, "attack")
        assert result is not None
        return result

    def families(self) -> Iterator[Metric]:
        """Return the metric families after the last day, as Prometheus parses them."""
        yield from text_string_to_metric_families(self.texts[-1])

    def ratios(self) -> list[float]:
        """Return the drift ratios of all features on all days."""
        samples = (sample for text in self.texts for sample in _samples(text))
        return [sample.value for sample in samples if sample.name == "migraine_drift_ratio"]

    def hourly(self) -> list[dict[str, str]]:
        """Return every sample of a replica that is scraped each hour, as input series of `promtool test rules`."""
        days = [{f"{s.name}{{{_labels(s.labels)}}}": s.value for s in _samples(text)} for text in self.texts]
        names = dict.fromkeys(name for day in days for name in day)
        return [
            {"series": name, "values": " ".join(f"{d[name]:.9f}x23" if name in d else "_x23" for d in days)}
            for name in names
        ]

    def samples(self, name: str) -> dict[str, float]:
        """Return the samples of a metric by feature."""
        return {s.labels["feature"]: s.value for family in self.families() for s in family.samples if s.name == name}

    def series(self, *, instances: tuple[str, ...] = ("a",), steps: int = 6) -> list[dict[str, str]]:
        """Return every sample as a constant input series of `promtool test rules`, once for each instance."""
        samples = [sample for family in self.families() for sample in family.samples]
        return [
            {"series": f"{s.name}{{{_labels(s.labels | {'instance': instance})}}}", "values": f"{s.value:.9f}x{steps}"}
            for s in samples
            for instance in instances
        ]


def monitor(root: Path, rows: FeatureRows) -> Monitored:
    """Predict for a week with a champion, run the monitoring of each day, and render `/metrics`."""
    home = MonitoredHome.make(root)
    home.report_outcomes(home.serve(rows))
    store = home.store
    # The ephemeral instance of the runs has no schedules to report on.
    with (
        dg.instance_for_test() as instance,
        closing(
            Metrics(root / "node", gauges=lambda: read_gauges(store), pipeline=lambda: read_pipeline_status(store))
        ) as metrics,
    ):
        metrics.set_model_info([ModelInfo("attack", "champion", "logistic_regression", home.champion, "d" * 32)])
        texts = tuple(_scraped(home, metrics, instance, back=back) for back in reversed(range(DAYS)))
    return Monitored(store, texts)


def _scraped(home: MonitoredHome, metrics: Metrics, instance: dg.DagsterInstance, *, back: int) -> str:
    home.monitor(LAST - dt.timedelta(days=back), report=back == 0)
    AutomationHome(home.root, instance).published()
    metrics.refresh()
    return metrics.render().decode()


def healthy(root: Path) -> Monitored:
    """Return the monitored state for participants like those of the training data."""
    return monitor(root, cohort(SEED))


def shifted(root: Path) -> Monitored:
    """Return the monitored state for participants who sleep less and are under more stress."""
    return monitor(root, cohort(SEED, **SHIFT))


def _samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
