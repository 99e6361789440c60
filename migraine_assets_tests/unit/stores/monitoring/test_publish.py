"""The published values of the newest monitoring results; files of earlier versions can still be read."""

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.core.monitoring.drift.result import FeatureDrift, ModelDrift, Statistic
from migraine_assets.core.monitoring.verdict import Status
from migraine_assets.stores.monitoring.gauges import PATH, FeatureGauges, MonitoringGauges, read_gauges
from migraine_assets.stores.monitoring.publish import publish
from migraine_assets.stores.monitoring.results import DRIFT, TaskResults, write_result
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.monitoring_results import feature_drift, task_result, write_task_result

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 9)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def drift(store: Store, *, day: dt.date = DAY, **tasks: ModelDrift) -> None:
    write_result(store, DRIFT, day, TaskResults(tasks), now=NOW)


def feature(ratio: float, **statistics: float | None) -> FeatureDrift:
    by_name = {name: Statistic(value, 0.1, 0.2, 0.2, 0.2) for name, value in statistics.items()}
    return replace(feature_drift(), drift_ratio=ratio, statistics=by_name)


def test_statistics_are_published_by_task_feature_and_name(store: Store) -> None:
    attack = {
        "sleep": feature(0.9, psi=0.18, ks=0.05, missing=0.02),
        "flag": feature(0.5, psi=None, js=0.1, missing=0.0),
        "score": feature(0.3, psi=0.06),
    }
    severity = {"sleep": feature(1.2, psi=0.24)}
    drift(
        store,
        attack=task_result("drift", "none", features=attack),
        severity=task_result("drift", "drift", features=severity),
    )
    gauges = publish(store)
    assert gauges.drift["attack"] == {
        "sleep": FeatureGauges(0.9, psi=0.18, ks=0.05, missing_change=0.02),
        "flag": FeatureGauges(0.5, js=0.1, missing_change=0.0),
        "score": FeatureGauges(0.3, psi=0.06),
    }
    assert gauges.drift["severity"] == {"sleep": FeatureGauges(1.2, psi=0.24)}
    assert gauges.drift_score == {"sleep": 1.2, "flag": 0.5, "attack_score": 0.3}
    assert read_gauges(store) == gauges


def test_accuracy_is_estimated_until_it_is_realized(store: Store) -> None:
    def write(kind: str, value: float | None) -> None:
        metrics = {"accuracy": IntervalRecord(value)}
        write_task_result(store, kind, "none", day=DAY, now=NOW, algorithm="lightgbm", metrics=metrics)

    write("estimated", 0.7)
    write("realised", None)
    assert publish(store).model_accuracy == {"lightgbm": 0.7}
    write("realised", 0.6)
    assert publish(store).model_accuracy == {"lightgbm": 0.6}


def test_drift_that_lasts_is_one_event_and_a_new_bundle_begins_another(store: Store) -> None:
    days: list[tuple[Status, str]] = [
        ("drift", "a"), ("too little data", "a"), ("drift", "a"), ("none", "a"), ("drift", "a"), ("drift", "b"),
    ]  # fmt: skip
    for index, (status, bundle) in enumerate(days):
        drift(store, day=DAY + dt.timedelta(days=index), attack=task_result("drift", status, bundle=bundle))
    assert publish(store).drift_detected_total == 3


def test_the_number_of_events_never_decreases(store: Store) -> None:
    store.write(PATH, b'{"drift_detected_total": 7}')
    assert publish(store).drift_detected_total == 7


def test_nothing_is_written_while_nothing_changes(store: Store) -> None:
    assert publish(store) == MonitoringGauges()
    assert not store.exists(PATH)


def test_a_file_of_an_earlier_version_is_readable(store: Store) -> None:
    store.write(PATH, b'{"model_accuracy":{"knn":0.8},"drift_score":{"sleep":0.25},"drift_detected_total":3}')
    assert read_gauges(store) == MonitoringGauges({"knn": 0.8}, {}, {"sleep": 0.25}, 3)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"drift_score": 3}', b'{"drift": {"attack": {"sleep": 0.5}}}'])
def test_an_invalid_file_counts_as_absent(store: Store, content: bytes) -> None:
    store.write(PATH, content)
    assert read_gauges(store) is None
