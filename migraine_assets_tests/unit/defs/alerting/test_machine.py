"""Full disks, silent sensors, messages that wait."""

import datetime as dt

import dagster as dg
import pytest

from migraine_assets.defs.alerting.machine import is_on, pause, shortage, silence
from migraine_assets.defs.alerting.sensors import TABLE
from migraine_assets.defs.resources import workspace_from
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.heartbeats import heartbeats, record_heartbeat
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon

GB = 1e9
NAMES = [line.name for line in TABLE]


@pytest.mark.parametrize(
    ("free", "total", "grade"),
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
def test_a_disk_is_short_in_share_and_in_bytes(free: float, total: float, grade: str | None) -> None:
    assert shortage(free * GB, total * GB) == grade


def test_a_disk_that_is_nearly_full_is_told_and_that_it_got_worse(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert starts == ["Disk nearly full", "worse", "over"]
    assert daemon.receiver.titles[1].endswith("(critical)")


def test_a_disk_with_room_is_looked_at_for_real(daemon: Daemon) -> None:
    assert "GB are free." in daemon.evaluate("alert_disk")


def test_a_sensor_that_is_silent_is_told_and_over_when_it_beats_again(daemon: Daemon) -> None:
    _all_beat(daemon)
    daemon.wait(minutes=1)
    for _ in range(30):
        daemon.wait(minutes=1)
        _all_beat(daemon, but="alert_disk")
        daemon.evaluate("alert_heartbeats")
    (told,) = daemon.receiver.taken
    assert told["title"] == "Sensor silent: alert_disk (error)"
    assert "It was last evaluated to its end at 2026-03-01 12:00 UTC; 25 min would be normal." in told["message"]
    daemon.evaluate("alert_disk")
    daemon.evaluate("alert_heartbeats")
    assert daemon.receiver.titles[1:] == ["over: Sensor silent: alert_disk"]


def test_a_sensor_that_never_beats_is_told_too(daemon: Daemon) -> None:
    for _ in range(12):
        daemon.wait(minutes=1)
        _all_beat(daemon, but="alert_service")
        daemon.evaluate("alert_heartbeats")
    assert daemon.receiver.titles == ["Sensor silent: alert_service (error)"]


def test_after_a_pause_of_the_whole_daemon_nobody_is_blamed(daemon: Daemon) -> None:
    _all_beat(daemon)
    daemon.evaluate("alert_heartbeats")
    daemon.wait(hours=9)
    assert "everyone gets time" in daemon.evaluate("alert_heartbeats")
    _all_beat(daemon)
    daemon.wait(minutes=1)
    daemon.evaluate("alert_heartbeats")
    assert daemon.receiver.taken == []


def test_who_is_switched_off_may_be_silent() -> None:
    assert not is_on("STOPPED", "RUNNING")
    assert not is_on(None, "STOPPED")
    assert not is_on("DECLARED_IN_CODE", "STOPPED")
    assert is_on("RUNNING", "STOPPED")
    assert is_on("DECLARED_IN_CODE", "RUNNING")


def test_how_long_one_may_be_silent_follows_from_how_often_it_is_to_speak() -> None:
    assert silence(None) == dt.timedelta(minutes=10)
    assert silence(3600) == dt.timedelta(hours=5)
    assert pause("0 5 * * *") == dt.timedelta(days=1, hours=2)
    assert pause("0 5 * * 1") == dt.timedelta(days=8, hours=2)
    assert pause("0 5 1 * *") == dt.timedelta(days=32, hours=2)


def test_what_a_channel_did_not_take_is_sent_by_the_delivery(daemon: Daemon) -> None:
    daemon.extra = {"MIGRAINE_SERVICE_URL": "http://127.0.0.1:9"}
    daemon.receiver.status = 500
    daemon.evaluate("alert_service")
    daemon.evaluate("alert_service")
    assert daemon.receiver.taken == []
    daemon.receiver.status = 200
    daemon.wait(minutes=2)
    assert daemon.evaluate("alert_delivery") == "1 messages were tried, 0 did not arrive."
    assert daemon.receiver.titles == ["The service is down: service (critical)"]


def test_every_sensor_beats_and_runs_on_an_empty_home(daemon: Daemon) -> None:
    for name in NAMES:
        assert daemon.evaluate(name)
    assert set(heartbeats(daemon.store)) == set(NAMES)
    assert daemon.receiver.taken == []


def _all_beat(daemon: Daemon, *, but: str = "") -> None:
    for name in {one.name for one in daemon.repository.sensor_defs}:
        if name not in (but, "alert_heartbeats"):
            record_heartbeat(daemon.store, name, now=daemon.now)


def test_a_context_of_the_ui_s_own_test_button_will_do(daemon: Daemon) -> None:
    """The sensors as Dagster calls them, with the resources that the definitions give."""
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
