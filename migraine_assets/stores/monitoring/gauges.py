"""The values that monitoring publishes through the store for the service's `/metrics`: `monitoring/figures.json`.

Here belong the file's path and format. Not here: choosing the values (`stores.monitoring.publish`) and their metrics
(`serving.metrics.families`).

Files of earlier versions hold `drift_score` and no `drift`; they stay readable.
"""

from collections.abc import Mapping

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

PATH = "monitoring/figures.json"


class FeatureGauges(msgspec.Struct, frozen=True):
    """Drift of one feature. A statistic that does not apply to the feature is None.

    `ratio`: the largest statistic as a share of the value from which it counts as drift; more than 1 is drift.
    `missing_change`: absolute change of the share of rows without a value.
    """

    ratio: float
    psi: float | None = None
    ks: float | None = None
    js: float | None = None
    missing_change: float | None = None


class MonitoringGauges(msgspec.Struct, frozen=True):
    """Everything is empty until monitoring has run.

    `drift`: by task and feature; the feature `score` is the model's own output. `drift_score`: the largest ratio of a
    feature over both tasks, for services of earlier versions and for the deprecated metric of that name.
    `damaged_files`: of the prediction log and of collected days, in the newest monitored window.
    """

    model_accuracy: dict[str, float] = {}
    drift: dict[str, dict[str, FeatureGauges]] = {}
    drift_score: dict[str, float] = {}
    drift_detected_total: int = 0
    damaged_files: int = 0


def drift_scores(drift: Mapping[str, Mapping[str, FeatureGauges]]) -> dict[str, float]:
    """The largest ratio of each feature over all tasks; the model's own output is `<task>_score`."""
    scores: dict[str, float] = {}
    for task, features in drift.items():
        for name, gauges in features.items():
            label = f"{task}_score" if name == "score" else name
            scores[label] = max(scores.get(label, 0.0), gauges.ratio)
    return scores


def read_gauges(store: Store) -> MonitoringGauges | None:
    """The published values; None if there are none or the file is invalid."""
    try:
        return msgspec.json.decode(store.read(PATH), type=MonitoringGauges) if store.exists(PATH) else None
    except (StoreError, OSError, *UNREADABLE):
        return None
