"""Full disks, silent sensors, queued messages."""

import datetime as dt

import dagster as dg
import pytest

from migraine_assets.defs.alerting.machine import is_on, schedule_silence, sensor_silence, shortage
from migraine_assets.defs.alerting.sensors import TABLE
from migraine_assets.defs.resources import workspace_from
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.heartbeats import heartbeats, record_heartbeat
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon

GB = 1e9
NAMES = [line.name for line in TABLE]


@pytest.mark.parametrize(
    ("free", "total", "severity"),
    [
        (50, 100, None),
        (10, 100, None),
        (9.9, 100, "warning"),
        (2.9, 100, "critical"),
        (90, 1000, None),
        (19, 1000, "warning"),
        (4.9, 1000, "critical"),
        (0, 8, "critical"),
    ],
)
def test_a_disk_is_short_by_share_and_by_bytes(free: float, total: float, severity: str | None) -> None:
    assert shortage(free * GB, total * GB) == severity


def test_a_nearly_full_disk_raises_an_alert_that_can_get_worse(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 5.0
    usage = type("Usage", (), {"total": 100 * GB, "free": property(lambda _: free * GB)})()
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    daemon.evaluate("alert_disk")
    free = 1.0
    daemon.wait(minutes=5)
    daemon.evaluate("alert_disk")
    free = 60.0
    for _ in range(4):
        daemon.wait(minutes=5)
        daemon.evaluate("alert_disk")
    starts = [title.split(":")[0] for title in daemon.receiver.titles]
    assert starts == ["Disk nearly full", "Worse", "Resolved"]
    assert daemon.receiver.titles[1].endswith("(critical)")


def test_the_free_space_of_a_real_disk_is_reported(daemon: Daemon) -> None:
    assert "GB are free." in daemon.evaluate("alert_disk")


def test_a_silent_sensor_raises_an_alert_until_its_next_heartbeat(daemon: Daemon) -> None:
    _all_beat(daemon)
    daemon.wait(minutes=1)
    for _ in range(30):
        daemon.wait(minutes=1)
        _all_beat(daemon, but="alert_disk")
        daemon.evaluate("alert_heartbeats")
    (message,) = daemon.receiver.accepted
    assert message["title"] == "Sensor silent: alert_disk (error)"
    assert "Last completed evaluation: 2026-03-01 12:00 UTC. Up to 25 min would be normal." in message["message"]
    daemon.evaluate("alert_disk")
    daemon.evaluate("alert_heartbeats")
    assert daemon.receiver.titles[1:] == ["Resolved: Sensor silent: alert_disk"]


def test_a_sensor_without_any_heartbeat_raises_an_alert(daemon: Daemon) -> None:
    for _ in range(12):
        daemon.wait(minutes=1)
        _all_beat(daemon, but="alert_service")
        daemon.evaluate("alert_heartbeats")
    assert daemon.receiver.titles == ["Sensor silent: alert_service (error)"]


def test_after_a_pause_of_the_daemon_sensors_get_time_to_catch_up(daemon: Daemon) -> None:
    _all_beat(daemon)
    daemon.evaluate("alert_heartbeats")
    daemon.wait(hours=9)
    assert "get time to catch up" in daemon.evaluate("alert_heartbeats")
    _all_beat(daemon)
    daemon.wait(minutes=1)
    daemon.evaluate("alert_heartbeats")
    assert daemon.receiver.accepted == []


def test_a_sensor_that_is_switched_off_may_be_silent() -> None:
    assert not is_on("STOPPED", "RUNNING")
    assert not is_on(None, "STOPPED")
    assert not is_on("DECLARED_IN_CODE", "STOPPED")
    assert is_on("RUNNING", "STOPPED")
    assert is_on("DECLARED_IN_CODE", "RUNNING")


def test_the_allowed_silence_follows_from_the_interval() -> None:
    assert sensor_silence(None) == dt.timedelta(minutes=10)
    assert sensor_silence(3600) == dt.timedelta(hours=5)
    assert schedule_silence("0 5 * * *") == dt.timedelta(days=1, hours=2)
    assert schedule_silence("0 5 * * 1") == dt.timedelta(days=8, hours=2)
    assert schedule_silence("0 5 1 * *") == dt.timedelta(days=32, hours=2)


def test_an_undelivered_message_is_sent_again_by_the_delivery_sensor(daemon: Daemon) -> None:
    daemon.extra = {"MIGRAINE_SERVICE_URL": "http://127.0.0.1:9"}
    daemon.receiver.status = 500
    daemon.evaluate("alert_service")
    daemon.evaluate("alert_service")
    assert daemon.receiver.accepted == []
    daemon.receiver.status = 200
    daemon.wait(minutes=2)
    assert daemon.evaluate("alert_delivery") == "Attempts to send messages: 1, failed: 0."
    assert daemon.receiver.titles == ["Service down: service (critical)"]


def test_every_sensor_runs_on_an_empty_home_and_leaves_a_heartbeat(daemon: Daemon) -> None:
    for name in NAMES:
        assert daemon.evaluate(name)
    assert set(heartbeats(daemon.store)) == set(NAMES)
    assert daemon.receiver.accepted == []


def _all_beat(daemon: Daemon, *, but: str = "") -> None:
    for name in {one.name for one in daemon.repository.sensor_defs}:
        if name not in (but, "alert_heartbeats"):
            record_heartbeat(daemon.store, name, now=daemon.now)


def test_sensors_run_in_the_context_of_the_test_button_of_the_ui(daemon: Daemon) -> None:
    """Sensors are called as Dagster calls them, with the resources of the definitions."""
    with daemon.entered():
        for name in NAMES:
            context = dg.build_sensor_context(
                instance=daemon.instance,
                repository_def=daemon.repository,
                resources={"workspace": workspace_from(Settings())},
            )
            with context:
                ticked = daemon.repository.get_sensor_def(name).evaluate_tick(context)
            assert ticked.skip_message
            assert not ticked.run_requests
