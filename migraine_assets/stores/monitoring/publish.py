"""Publishing of the newest monitoring results as values for the service's `/metrics`.

This module decides which result becomes which value. Not here: the file's format (`stores.monitoring.gauges`), the
metrics (`serving.metrics`).
"""

from typing import Any

import msgspec

from migraine_assets.core.monitoring.drift.result import FeatureDrift, ModelDrift
from migraine_assets.stores.monitoring.gauges import PATH, FeatureGauges, MonitoringGauges, drift_scores, read_gauges
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    QUALITY,
    REALIZED,
    ResultKind,
    TaskResults,
    latest_result,
    read_result,
    result_days,
)
from migraine_assets.stores.store import Store


def publish(store: Store) -> MonitoringGauges:
    """Write the values of the newest results. The number of drift events never decreases."""
    before = read_gauges(store) or MonitoringGauges()
    drift = _drift(store)
    gauges = MonitoringGauges(
        model_accuracy=_accuracy(store),
        drift=drift,
        drift_score=drift_scores(drift),
        drift_detected_total=max(before.drift_detected_total, _events(store)),
        damaged_files=_damaged_files(store),
    )
    if gauges != before:
        store.write(PATH, msgspec.json.encode(gauges))
    return gauges


def _accuracy(store: Store) -> dict[str, float]:
    """Return the realized accuracy by algorithm, or the estimated one if outcomes are not known yet."""
    accuracies: dict[str, float] = {}
    kinds: tuple[ResultKind[TaskResults[Any]], ...] = (ESTIMATED, REALIZED)
    for kind in kinds:
        newest = latest_result(store, kind, damaged=[])
        for result in newest[1].tasks.values() if newest else ():
            accuracy = result.metrics.get("accuracy")
            if accuracy is not None and accuracy.value is not None:
                accuracies[result.algorithm] = accuracy.value
    return accuracies


def _drift(store: Store) -> dict[str, dict[str, FeatureGauges]]:
    newest = latest_result(store, DRIFT, damaged=[])
    return {
        task: {name: _feature(feature) for name, feature in result.features.items()}
        for task, result in (newest[1].tasks.items() if newest else ())
    }


def _feature(feature: FeatureDrift) -> FeatureGauges:
    values = {name: statistic.value for name, statistic in feature.statistics.items()}
    return FeatureGauges(
        ratio=feature.drift_ratio,
        psi=values.get("psi"),
        ks=values.get("ks"),
        js=values.get("js"),
        missing_change=values.get("missing"),
    )


def _damaged_files(store: Store) -> int:
    newest = latest_result(store, QUALITY, damaged=[])
    return len(newest[1].damaged) if newest else 0


def _events(store: Store) -> int:
    """Count the starts of drift over all days and tasks. Drift that lasts for several days is one event."""
    events, before = 0, dict[str, ModelDrift]()
    for day in result_days(store, DRIFT):
        content = read_result(store, DRIFT, day, damaged=[])
        for task, result in content.tasks.items() if content else ():
            if result.status == "too little data":
                continue
            last = before.get(task)
            same = last is not None and last.status == "drift" and last.bundle == result.bundle
            events += result.status == "drift" and not same
            before[task] = result
    return events
