"""The alert sensors under a real Dagster daemon that is killed and started again."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from migraine_assets.cli.dagster.instance import open_instance, project_root
from migraine_assets.defs.alerting.sensors import TABLE
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.heartbeats import heartbeats
from migraine_assets.stores.monitoring.results import write_result
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.receivers import Webhook, webhook

PATIENCE_SECONDS = 240
RESULT = {"bundle": "0" * 64, "algorithm": "xgboost", "reasons": ["sleep_hours moved."], "since": None}
# The others are not due again soon enough after a start to be waited for.
FREQUENT = [line.name for line in TABLE if line.seconds <= 60]


def test_a_daemon_that_is_killed_and_started_again_tells_everything_once(home: Home) -> None:
    """A failed run and a drift are told; the daemon dies by force; the next one repeats nothing and tells the end."""
    home.landing.joinpath("diary.csv").write_text("this,is,no\ndiary,at,all\n")
    assert home.process("run").code != 0
    _found(home, "drift", day=1)
    with webhook() as receiver:
        with _daemon(home, receiver) as daemon:
            _until(lambda: {"Run failed", "Drift detected"} <= _kinds(receiver), daemon)
            _until(lambda: {line.name for line in TABLE} <= set(heartbeats(home.store)), daemon)
            os.killpg(daemon.pid, signal.SIGKILL)
        told, killed = len(receiver.taken), dt.datetime.now(dt.UTC)
        _found(home, "none", day=2)
        with _daemon(home, receiver) as daemon:
            _until(lambda: "over" in _kinds(receiver), daemon)
            _until(lambda: all(heartbeats(home.store)[name] > killed for name in FREQUENT), daemon)
        assert receiver.titles[told:] == ["over: Drift detected: attack"]
    listed = home.migraine("alerts", "list").text
    assert "run_failed" in listed
    assert "No undelivered messages." in listed


def _found(home: Home, status: str, *, day: int) -> None:
    content = {"tasks": {"attack": {**RESULT, "status": status}}}
    write_result(home.store, "drift", dt.date(2026, 3, day), content, now=dt.datetime.now(dt.UTC))


@contextmanager
def _daemon(home: Home, receiver: Webhook) -> Iterator["subprocess.Popen[bytes]"]:
    """The daemon that `migraine ui` starts, in a group of its own."""
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
    """What the first words of titles and paragraphs speak of."""
    lines = [line for message in receiver.taken for line in (message["title"], *message["message"].splitlines())]
    return {line.partition(":")[0] for line in lines}


def _until(done: Callable[[], bool], daemon: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if done():
            return
        assert daemon.poll() is None, "The daemon exited unexpectedly."
        time.sleep(0.25)
    raise AssertionError("It did not come about.")
