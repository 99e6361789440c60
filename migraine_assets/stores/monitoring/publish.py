"""Publish the newest monitoring results as gauges that the service shows at `/metrics`.

Here belongs which result becomes which gauge. Not here: the file's format (`stores.monitoring.gauges`) and the metrics
(`serving.metrics`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from migraine_assets.stores.monitoring.gauges import PATH, FeatureGauges, MonitoringGauges, drift_scores, read_gauges
from migraine_assets.stores.monitoring.results import latest, read_result, result_days
from migraine_assets.stores.store import Store

# Statistic of a drift result: its field in `FeatureGauges`.
STATISTICS = {"psi": "psi", "ks": "ks", "js": "js", "missing": "missing_change"}


def publish(store: Store) -> MonitoringGauges:
    """Write the gauges of the newest results. The number of drift events never decreases."""
    before = read_gauges(store) or MonitoringGauges()
    drift = _drift(store)
    gauges = MonitoringGauges(
        model_accuracy=_accuracy(store),
        drift=drift,
        drift_score=drift_scores(drift),
        drift_detected_total=max(before.drift_detected_total, _events(store)),
    )
    if gauges != before:
        store.write(PATH, msgspec.json.encode(gauges))
    return gauges


def _accuracy(store: Store) -> dict[str, float]:
    """By algorithm: realized accuracy, or the estimated one while outcomes are not known yet."""
    accuracies: dict[str, float] = {}
    for kind in ("estimated", "realised"):
        _, content = latest(store, kind) or (None, {})
        for result in (content.get("tasks") or {}).values():
            value = ((result.get("metrics") or {}).get("accuracy") or {}).get("value")
            if value is not None:
                accuracies[result["algorithm"]] = float(value)
    return accuracies


def _drift(store: Store) -> dict[str, dict[str, FeatureGauges]]:
    _, content = latest(store, "drift") or (None, {})
    return {
        task: {name: _feature(feature) for name, feature in (result.get("features") or {}).items()}
        for task, result in (content.get("tasks") or {}).items()
    }


def _feature(feature: Mapping[str, Any]) -> FeatureGauges:
    statistics = feature.get("statistics") or {}
    values = {STATISTICS[name]: statistics[name]["value"] for name in STATISTICS if name in statistics}
    return FeatureGauges(ratio=float(feature["score"]), **values)


def _events(store: Store) -> int:
    """How often a task began to drift, over all days. Drift that lasts for several days is one event."""
    events, before = 0, dict[str, Mapping[str, Any]]()
    for day in result_days(store, "drift"):
        for task, result in ((read_result(store, "drift", day) or {}).get("tasks") or {}).items():
            if result.get("status") == "too little data":
                continue
            last = before.get(task, {})
            same = last.get("status") == "drift" and last.get("bundle") == result.get("bundle")
            events += result.get("status") == "drift" and not same
            before[task] = result
    return events
