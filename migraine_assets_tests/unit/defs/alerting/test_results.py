"""Alerts on monitoring results, until a later result has another verdict."""

import datetime as dt

import pytest

from migraine_assets.core.monitoring.verdict import Status
from migraine_assets.errors import StoreError
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon

DAY = dt.date(2026, 3, 1)


def store_result(daemon: Daemon, kind: str, status: Status, *, day: dt.date = DAY) -> None:
    write_task_result(daemon.store, kind, status, day=day, now=daemon.now)


def test_an_alert_on_drift_has_reason_model_start_and_link(daemon: Daemon) -> None:
    daemon.extra = {"MIGRAINE_PUBLIC_URL": "https://dagster.example.org"}
    store_result(daemon, "drift", "drift")
    daemon.evaluate("alert_monitoring")
    (message,) = daemon.receiver.accepted
    assert message["message"].splitlines() == [
        "Drift detected: attack (error)",
        "Window up to 2026-03-01: sleep_hours: PSI 0.41 is above 0.2.",
        "Since 2026-02-27 00:00 UTC",
        "Model: xgboost 0123456789ab",
        "See https://dagster.example.org/assets/drift_scores",
    ]


def test_drift_that_lasts_and_its_end_are_one_message_each(daemon: Daemon) -> None:
    for day in range(3):
        store_result(daemon, "drift", "drift", day=DAY + dt.timedelta(days=day))
        daemon.evaluate("alert_monitoring")
        daemon.wait(hours=7)
    store_result(daemon, "drift", "none", day=DAY + dt.timedelta(days=3))
    daemon.evaluate("alert_monitoring")
    assert daemon.receiver.titles == ["Drift detected: attack (error)", "Resolved: Drift detected: attack"]


@pytest.mark.parametrize("status", ["none", "suspected", "too little data"])
def test_other_verdicts_raise_no_alert(daemon: Daemon, status: Status) -> None:
    store_result(daemon, "drift", status)
    daemon.evaluate("alert_monitoring")
    assert daemon.receiver.accepted == []


def test_a_window_with_too_little_data_resolves_nothing(daemon: Daemon) -> None:
    store_result(daemon, "drift", "drift")
    daemon.evaluate("alert_monitoring")
    store_result(daemon, "drift", "too little data", day=DAY + dt.timedelta(days=1))
    daemon.evaluate("alert_monitoring")
    assert daemon.open() == [("drift_detected", "attack")]


def test_realised_and_estimated_degradation_are_two_alerts(daemon: Daemon) -> None:
    store_result(daemon, "realised", "degraded")
    store_result(daemon, "estimated", "degraded")
    daemon.evaluate("alert_monitoring")
    assert daemon.open() == [
        ("performance_degraded", "attack (estimated)"),
        ("performance_degraded", "attack (realised)"),
    ]
    store_result(daemon, "realised", "none", day=DAY + dt.timedelta(days=1))
    daemon.evaluate("alert_monitoring")
    assert daemon.open() == [("performance_degraded", "attack (estimated)")]


def test_without_results_there_is_no_alert(daemon: Daemon) -> None:
    assert daemon.evaluate("alert_monitoring") == "There are no monitoring results yet."


def test_an_invalid_result_fails_the_tick_and_stops_the_heartbeat(daemon: Daemon) -> None:
    daemon.store.write("monitoring/results/drift/2026-03-01.json", b"{")
    with pytest.raises(StoreError, match="damaged"):
        daemon.evaluate("alert_monitoring")
    assert daemon.store.list("monitoring/heartbeats") == []
