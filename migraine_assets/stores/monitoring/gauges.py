"""Values of monitoring that are published for the service's `/metrics`: `monitoring/figures.json`.

Files of earlier versions, with `drift_score` and no `drift`, can still be read. Not here: choosing the values
(`stores.monitoring.publish`), their metrics (`serving.metrics.families`).
"""

from collections.abc import Mapping

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

PATH = "monitoring/figures.json"


class FeatureGauges(msgspec.Struct, frozen=True):
    """The drift of one feature. A statistic that does not apply to the feature is None.

    `ratio`: largest ratio of a statistic to its smallest value that would be drift; more than 1 is drift.
    `missing_change`: absolute change of the share of rows without a value.
    """

    ratio: float
    psi: float | None = None
    ks: float | None = None
    js: float | None = None
    missing_change: float | None = None


class MonitoringGauges(msgspec.Struct, frozen=True):
    """All published values; they are empty until monitoring has run.

    `drift`: by task and feature; the feature `score` is the model's own output. `drift_score`: largest ratio of each
    feature over both tasks, for services of earlier versions and for the deprecated metric with this name.
    `damaged_files`: number of damaged files of the prediction log and of collected days in the newest monitored window.
    """

    model_accuracy: dict[str, float] = {}
    drift: dict[str, dict[str, FeatureGauges]] = {}
    drift_score: dict[str, float] = {}
    drift_detected_total: int = 0
    damaged_files: int = 0


def drift_scores(drift: Mapping[str, Mapping[str, FeatureGauges]]) -> dict[str, float]:
    """Return the largest ratio of each feature over all tasks; the model's own output is `<task>_score`."""
    scores: dict[str, float] = {}
    for task, features in drift.items():
        for name, gauges in features.items():
            label = f"{task}_score" if name == "score" else name
            scores[label] = max(scores.get(label, 0.0), gauges.ratio)
    return scores


def read_gauges(store: Store) -> MonitoringGauges | None:
    """Return the published values; None if there are none or the file is invalid."""
    try:
        return msgspec.json.decode(store.read(PATH), type=MonitoringGauges) if store.exists(PATH) else None
    except (StoreError, OSError, *UNREADABLE):
        return None
