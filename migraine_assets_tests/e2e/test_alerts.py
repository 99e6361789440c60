"""The alert sensors under a real Dagster daemon that is killed and restarted."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from migraine_assets.cli.dagster.instance import open_instance, project_root
from migraine_assets.core.monitoring.verdict import Status
from migraine_assets.defs.alerting.sensors import TABLE
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.heartbeats import heartbeats
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.support.receivers import Webhook, webhook

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 240
# The other sensors run too rarely for a test to wait for their next tick.
FREQUENT = [line.name for line in TABLE if line.seconds <= 60]


def test_a_killed_and_restarted_daemon_sends_each_notification_once(home: Home) -> None:
    """A failed run and drift are announced; the daemon is killed; the next one reports only the recovery."""
    home.landing.joinpath("diary.csv").write_text("this,is,no\ndiary,at,all\n")
    assert home.process("run").code != 0
    _write_drift(home, "drift", day=1)
    with webhook() as receiver:
        with _daemon(home, receiver) as daemon:
            _wait_for(lambda: {"Run failed", "Drift detected"} <= _kinds(receiver), daemon)
            _wait_for(lambda: {line.name for line in TABLE} <= set(heartbeats(home.store)), daemon)
            os.killpg(daemon.pid, signal.SIGKILL)
        sent, killed = len(receiver.accepted), dt.datetime.now(dt.UTC)
        _write_drift(home, "none", day=2)
        with _daemon(home, receiver) as daemon:
            _wait_for(lambda: "Resolved" in _kinds(receiver), daemon)
            _wait_for(lambda: all(heartbeats(home.store)[name] > killed for name in FREQUENT), daemon)
        assert receiver.titles[sent:] == ["Resolved: Drift detected: attack"]
    listed = home.migraine("alerts", "list").text
    assert "run_failed" in listed
    assert "No undelivered messages." in listed


def _write_drift(home: Home, status: Status, *, day: int) -> None:
    write_task_result(home.store, "drift", status, day=dt.date(2026, 3, day), now=dt.datetime.now(dt.UTC))


@contextmanager
def _daemon(home: Home, receiver: Webhook) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the daemon that `migraine ui` starts, in its own process group."""
    extra = {"MIGRAINE_ALERT_URLS": receiver.url, "DAGSTER_HOME": str(home.root / "dagster")}
    with home.entered(), open_instance(Settings()):
        command = (sys.executable, "-m", "dagster._daemon", "run", "-w", str(project_root() / "workspace.yaml"))
    with (home.root / "daemon.txt").open("ab") as log:
        process = subprocess.Popen(
            command, env=home.environment(extra), cwd=project_root(), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)


def _kinds(receiver: Webhook) -> set[str]:
    """Return the text before the first colon of each title and paragraph."""
    lines = [line for message in receiver.accepted for line in (message["title"], *message["message"].splitlines())]
    return {line.partition(":")[0] for line in lines}


def _wait_for(done: Callable[[], bool], daemon: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if done():
            return
        assert daemon.poll() is None, "The daemon exited unexpectedly."
        time.sleep(0.25)
    raise AssertionError("The condition was not met in time.")
