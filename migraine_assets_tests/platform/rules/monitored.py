"""Real monitoring results as Prometheus sees them, for the tests of rules and dashboards.

Here belongs the path from a log of predictions to the text of `/metrics`: the monitoring job, the status sensor and the
service's registry. Not here: what must follow from the series (the tests).
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from migraine_assets.core.features.matrix import FeatureRows
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.stores.monitoring.gauges import read_gauges
from migraine_assets.stores.monitoring.pipeline_status import read_pipeline_status
from migraine_assets.stores.monitoring.results import DRIFT, task_result
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.defs.automation.automation_home import AutomationHome
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome, cohort
from serving.metrics.registry import Metrics

SEED = 17  # of participants that the champion was not trained on
SHIFT = {"sleep_change": -2.5, "stress_change": 3.0}


@dataclass(frozen=True)
class Monitored:
    """A store after its monitoring, and the text of `/metrics`."""

    store: Store
    text: str

    @property
    def drift(self) -> ModelDrift:
        """The drift result of the task "attack"."""
        result = task_result(self.store, DRIFT, LAST, "attack")
        assert result is not None
        return result

    def families(self) -> Iterator[Metric]:
        """The metric families, as Prometheus parses them."""
        yield from text_string_to_metric_families(self.text)

    def samples(self, name: str) -> dict[str, float]:
        """The samples of a metric by feature."""
        return {s.labels["feature"]: s.value for family in self.families() for s in family.samples if s.name == name}

    def series(self, *, instances: tuple[str, ...] = ("a",), steps: int = 6) -> list[dict[str, str]]:
        """Every sample as a constant input series of `promtool test rules`, once for each instance."""
        samples = [sample for family in self.families() for sample in family.samples]
        return [
            {"series": f"{s.name}{{{_labels(s.labels | {'instance': instance})}}}", "values": f"{s.value:.9f}x{steps}"}
            for s in samples
            for instance in instances
        ]


def monitor(root: Path, rows: FeatureRows) -> Monitored:
    """Let a champion predict for a week, run the monitoring of each day, and render `/metrics`."""
    home = MonitoredHome.make(root)
    home.report_outcomes(home.serve(rows))
    home.monitor_days()
    # The ephemeral instance of the runs has no schedules to report on.
    with dg.instance_for_test() as instance:
        AutomationHome(root, instance).published()
    store = home.store
    with closing(
        Metrics(root / "node", gauges=lambda: read_gauges(store), pipeline=lambda: read_pipeline_status(store))
    ) as metrics:
        metrics.refresh()
        return Monitored(store, metrics.render().decode())


def healthy(root: Path) -> Monitored:
    """Participants like those of the training data."""
    return monitor(root, cohort(SEED))


def shifted(root: Path) -> Monitored:
    """Participants who sleep less and are under more stress."""
    return monitor(root, cohort(SEED, **SHIFT))


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
