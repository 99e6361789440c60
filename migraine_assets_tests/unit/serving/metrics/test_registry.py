from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from migraine_assets.stores.monitoring.gauges import PATH, FeatureGauges, MonitoringGauges, read_gauges
from migraine_assets.stores.monitoring.pipeline_status import PATH as STATUS_PATH
from migraine_assets.stores.monitoring.pipeline_status import (
    JobSummary,
    PipelineStatus,
    TaskVerdict,
    TickSummary,
    read_pipeline_status,
    write_pipeline_status,
)
from migraine_assets.stores.store import Store
from serving.log.writer import LogState
from serving.metrics.registry import Metrics
from serving.metrics.shared_counts import ModelInfo

INFO = ModelInfo("attack", "champion", "xgboost", "b" * 64, "d" * 32)


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Callable[..., Metrics]]:
    def opened(**arguments: Any) -> Metrics:
        return stack.enter_context(closing(Metrics(tmp_path / "node", **arguments)))

    with ExitStack() as stack:
        yield opened


def values(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample, as prometheus-client parses the text."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    return values(metrics).get((name, frozenset(labels.items())))


def test_predictions_requests_and_errors_are_counted_by_their_labels(replica: Callable[..., Metrics]) -> None:
    metrics = replica()
    labels = {"status": "ok", "task": "attack", "model": "b" * 64, "arm": "champion"}
    for _ in range(3):
        metrics.count_predictions(1, **labels)
    metrics.count_request("POST", "/predict", 200)
    metrics.count_error("out_of_range")
    metrics.count_abstentions(1)
    metrics.count_out_of_range("sleep_hours", 1)
    metrics.count_reload(success=False)
    assert value(metrics, "migraine_predictions_total", **labels) == 3
    assert value(metrics, "migraine_api_requests_total", method="POST", endpoint="/predict", status="200") == 1
    assert value(metrics, "migraine_api_errors_total", error_type="out_of_range") == 1
    assert value(metrics, "migraine_abstentions_total") == 1
    assert value(metrics, "migraine_out_of_range_inputs_total", field="sleep_hours") == 1
    assert value(metrics, "migraine_model_reloads_total", result="failure") == 1
    assert value(metrics, "migraine_model_reloads_total", result="success") == 0


@pytest.mark.parametrize(("seconds", "bucket"), [(0.001, "0.001"), (0.0011, "0.0025"), (99.0, "+Inf")])
def test_a_latency_counts_in_its_bucket_and_in_all_above(
    replica: Callable[..., Metrics], seconds: float, bucket: str
) -> None:
    metrics = replica()
    metrics.observe_latency(seconds)
    name = "migraine_prediction_latency_seconds"
    buckets = {dict(labels)["le"]: v for (n, labels), v in values(metrics).items() if n == f"{name}_bucket"}
    bounds = sorted(buckets, key=float)
    first = bounds.index(bucket)
    assert [buckets[bound] for bound in bounds] == [0.0] * first + [1.0] * (len(bounds) - first)
    assert value(metrics, f"{name}_count") == 1
    assert value(metrics, f"{name}_sum") == seconds


def test_each_replica_shows_the_counts_of_all_and_none_decreases_when_one_leaves(
    replica: Callable[..., Metrics],
) -> None:
    one, two = replica(), replica()
    one.count_abstentions(1)
    two.count_abstentions(1)
    two.observe_latency(0.01)
    before = {key: v for key, v in values(one).items() if key[0].endswith(("_total", "_count", "_sum", "_bucket"))}
    assert value(one, "migraine_replicas") == 2
    two.close()
    after = values(one)
    assert {key: after[key] for key in before} == before
    assert value(one, "migraine_replicas") == 1


def test_model_information_follows_the_models_that_replicas_hold(replica: Callable[..., Metrics]) -> None:
    one, two = replica(), replica()
    one.set_model_info([INFO])
    assert value(two, "migraine_ready_replicas") == 1
    newer = ModelInfo("attack", "champion", "lightgbm", "c" * 64, "d" * 32)
    two.set_model_info([newer])
    shown = {dict(labels)["model"] for (name, labels) in values(one) if name == "migraine_model_info"}
    assert shown == {"b" * 64, "c" * 64}
    one.close()
    shown = {dict(labels)["model"] for (name, labels) in values(two) if name == "migraine_model_info"}
    assert shown == {"c" * 64}


def test_the_metrics_of_logs_are_added_over_replicas(replica: Callable[..., Metrics]) -> None:
    one, two = replica(), replica()
    for metrics in (one, two):
        metrics.set_logs([LogState(5, 10, 1, 2, "full"), LogState(1, 0, 0, 0, None)])
        metrics.tick()
    assert value(one, "migraine_receipt_backlog") == 12
    assert value(one, "migraine_receipts_written_total") == 20
    assert value(one, "migraine_receipts_dropped_total") == 2
    assert value(one, "migraine_receipt_write_failures_total") == 4


def test_requests_in_progress_are_shown(replica: Callable[..., Metrics]) -> None:
    metrics = replica()
    metrics.enter()
    metrics.enter()
    metrics.leave()
    assert value(metrics, "migraine_requests_in_progress") == 1


def test_gauges_of_an_earlier_version_show_the_deprecated_ratio(
    tmp_path: Path, replica: Callable[..., Metrics]
) -> None:
    store = Store(str(tmp_path / "store"))
    metrics = replica(gauges=lambda: read_gauges(store))
    assert value(metrics, "migraine_drift_detected_total") == 0
    store.write(
        PATH, b'{"model_accuracy":{"attack":0.8},"drift_score":{"sleep_hours":0.25},"drift_detected_total":3,"more":1}'
    )
    metrics.refresh()
    assert value(metrics, "migraine_model_accuracy", model_name="attack") == 0.8
    assert value(metrics, "migraine_drift_score", feature="sleep_hours") == 0.25
    assert value(metrics, "migraine_drift_detected_total") == 3


def test_drift_is_shown_by_task_and_feature(replica: Callable[..., Metrics]) -> None:
    drift = {
        "attack": {"sleep": FeatureGauges(1.25, psi=0.25, ks=0.05, missing_change=0.0), "score": FeatureGauges(0.5)},
        "severity": {"sleep": FeatureGauges(0.75, psi=0.15), "flag": FeatureGauges(0.1, js=0.01)},
    }
    metrics = replica(gauges=lambda: MonitoringGauges(drift=drift))
    metrics.refresh()
    assert value(metrics, "migraine_drift_ratio", task="attack", feature="sleep") == 1.25
    assert value(metrics, "migraine_drift_ratio", task="severity", feature="sleep") == 0.75
    assert value(metrics, "migraine_drift_psi", task="attack", feature="sleep") == 0.25
    assert value(metrics, "migraine_drift_ks", task="attack", feature="sleep") == 0.05
    assert value(metrics, "migraine_drift_js", task="severity", feature="flag") == 0.01
    assert value(metrics, "migraine_drift_missing_change", task="attack", feature="sleep") == 0.0
    assert value(metrics, "migraine_drift_psi", task="severity", feature="flag") is None
    assert value(metrics, "migraine_drift_score", feature="sleep") == 1.25
    assert value(metrics, "migraine_drift_score", feature="attack_score") == 0.5


def test_unreadable_gauges_leave_the_last_ones(replica: Callable[..., Metrics]) -> None:
    versions: list[MonitoringGauges | None] = [
        MonitoringGauges(drift_detected_total=5),
        None,
        MonitoringGauges(drift_detected_total=2),
    ]
    metrics = replica(gauges=lambda: versions.pop(0))
    for _ in range(3):
        metrics.refresh()
        assert value(metrics, "migraine_drift_detected_total") == 5


def test_special_characters_in_label_values_are_escaped(replica: Callable[..., Metrics]) -> None:
    metrics = replica()
    metrics.count_error('a "quoted"\nline\\')
    assert value(metrics, "migraine_api_errors_total", error_type='a "quoted"\nline\\') == 1


def test_the_pipeline_status_is_shown_and_kept_when_it_becomes_unreadable(
    tmp_path: Path, replica: Callable[..., Metrics]
) -> None:
    store = Store(str(tmp_path / "store"))
    metrics = replica(pipeline=lambda: read_pipeline_status(store))
    assert value(metrics, "migraine_dagster_published_timestamp_seconds") is None
    jobs = {"retrain": JobSummary(100.5, 200.5, 30.5, queued=2, running=1), "never": JobSummary(last_failure=50.0)}
    ticks = {"drift": TickSummary("sensor", 30.0, 400.5, 300.5), "daily": TickSummary("schedule", 0.0, 500.5, 0.0)}
    verdicts = {"drift": {"attack": TaskVerdict("drift", "2026-03-01"), "severity": TaskVerdict("none", "2026-02-27")}}
    write_pipeline_status(store, PipelineStatus(1000.5, jobs, ticks, verdicts))
    for _ in range(2):
        metrics.refresh()
        dagster = "migraine_dagster"
        assert value(metrics, f"{dagster}_published_timestamp_seconds") == 1000.5
        assert value(metrics, f"{dagster}_run_last_success_timestamp_seconds", dagster_job="retrain") == 100.5
        assert value(metrics, f"{dagster}_run_last_success_timestamp_seconds", dagster_job="never") == 0
        assert value(metrics, f"{dagster}_run_last_failure_timestamp_seconds", dagster_job="retrain") == 200.5
        assert value(metrics, f"{dagster}_run_last_duration_seconds", dagster_job="retrain") == 30.5
        assert value(metrics, f"{dagster}_run_last_duration_seconds", dagster_job="never") is None
        assert value(metrics, f"{dagster}_unfinished_runs", dagster_job="retrain", status="queued") == 2
        assert value(metrics, f"{dagster}_unfinished_runs", dagster_job="retrain", status="running") == 1
        assert value(metrics, f"{dagster}_tick_interval_seconds", kind="sensor", name="drift") == 30
        assert value(metrics, f"{dagster}_tick_interval_seconds", kind="schedule", name="daily") is None
        assert value(metrics, f"{dagster}_tick_last_success_timestamp_seconds", kind="schedule", name="daily") == 500.5
        assert value(metrics, f"{dagster}_tick_last_failure_timestamp_seconds", kind="sensor", name="drift") == 300.5
        assert value(metrics, "migraine_monitoring_verdict", kind="drift", task="attack", verdict="drift") == 1
        assert value(metrics, "migraine_monitoring_verdict", kind="drift", task="severity", verdict="none") == 1
        # The end of 1 March 2026 in UTC.
        assert value(metrics, "migraine_monitoring_result_timestamp_seconds", kind="drift") == 1772409600
        store.write(STATUS_PATH, b"damaged")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"published_at": "now"}', b'{"jobs": {}}'])
def test_an_invalid_pipeline_status_counts_as_absent(tmp_path: Path, content: bytes) -> None:
    store = Store(str(tmp_path))
    store.write(STATUS_PATH, content)
    assert read_pipeline_status(store) is None
