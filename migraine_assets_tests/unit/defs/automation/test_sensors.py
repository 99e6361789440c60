"""The sensors against real runs in a real instance, and through a real daemon that is killed."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import open_instance, project_root
from migraine_assets.definitions import build_defs
from migraine_assets.defs.automation.triggers import TRIGGER_KEY
from migraine_assets.settings import Settings
from migraine_assets.sources.files.fetch import fetch
from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.monitoring.decisions import decisions
from migraine_assets.stores.monitoring.heartbeats import heartbeats
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.support.small_diary import write_diary
from migraine_assets_tests.unit.defs.monitoring.watched import LAST, Watched

NOW = dt.datetime(2026, 3, 11, 2, tzinfo=dt.UTC)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    home = Watched.make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield home


def alarm(watched: Watched, kind: str = "drift", *, bundle: str | None = None) -> None:
    written, status = ("drift", "drift") if kind == "drift" else ("realised", "degraded")
    write_task_result(
        watched.store, written, status, day=LAST, now=NOW, bundle=bundle or watched.champion, reasons=("It moved.",),
        since=dt.date(2026, 3, 10),
    )  # type: ignore[arg-type]  # fmt: skip


def evaluate(watched: Watched, name: str, *, cursor: str | None = None) -> tuple[list[dg.RunRequest], str, str | None]:
    """Run requests, the reason to skip, and the cursor, as a daemon would get them."""
    defs = build_defs(resources={"workspace": watched.workspace})
    context = dg.build_sensor_context(
        instance=watched.instance,
        cursor=cursor,
        resources={"workspace": watched.workspace},
        repository_def=defs.get_repository_def(),
    )
    found = defs.resolve_sensor_def(name).evaluate_tick(context)
    return list(found.run_requests or ()), found.skip_message or "", found.cursor


def start(watched: Watched, request: dg.RunRequest, status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS) -> None:
    """The run that a daemon would make of a request, as it stands when it has this status."""
    run = dg.DagsterRun(job_name="retrain", run_id=str(uuid.uuid4()))
    watched.instance.add_run(run.with_tags(dict(request.tags)).with_status(status))


@pytest.mark.parametrize(("sensor", "kind"), [("drift_retraining", "drift"), ("degradation_retraining", "realised")])
def test_an_alarm_starts_one_retraining_with_the_reason_on_record(watched: Watched, sensor: str, kind: str) -> None:
    assert evaluate(watched, sensor)[0] == []
    alarm(watched, kind)
    [request], _, _ = evaluate(watched, sensor)
    assert request.run_key == request.tags[TRIGGER_KEY]
    assert watched.champion[:12] in str(request.run_key)
    [kept] = decisions(watched.store)
    assert (kept.sensor, kept.acted, kept.reasons) == (sensor, True, ("It moved.",))
    assert sensor in heartbeats(watched.store)


def test_the_run_that_was_made_is_not_made_again_whatever_became_of_the_cursor(watched: Watched) -> None:
    alarm(watched)
    [request], _, _ = evaluate(watched, "drift_retraining")
    start(watched, request, dg.DagsterRunStatus.FAILURE)
    for cursor in (None, "lost"):
        requests, reason, _ = evaluate(watched, "drift_retraining", cursor=cursor)
        assert requests == []
        assert "was already started for this event" in reason


def test_while_one_trains_no_other_is_started_and_the_refusal_is_on_record_once(watched: Watched) -> None:
    start(watched, dg.RunRequest(tags={}), dg.DagsterRunStatus.STARTED)
    alarm(watched)
    for _ in range(3):
        requests, reason, _ = evaluate(watched, "drift_retraining")
        assert requests == []
        assert "is training" in reason
    assert [kept.acted for kept in decisions(watched.store)] == [False]


def test_a_new_champion_ends_the_event_of_the_old_one(watched: Watched) -> None:
    alarm(watched, bundle="0" * 64)
    requests, reason, _ = evaluate(watched, "drift_retraining")
    assert requests == []
    assert "no longer serves" in reason


def test_a_diary_in_the_landing_folder_starts_the_pipeline_once_it_is_whole(watched: Watched) -> None:
    landing = watched.root / "landing"
    landing.mkdir()
    assert "holds no diary" in evaluate(watched, "new_diaries")[1]
    path = write_diary(landing / "diary.csv")
    requests, reason, cursor = evaluate(watched, "new_diaries")
    assert (requests, cursor) == ([], "")
    assert "may be incomplete" in reason
    settled(path)
    [request], _, cursor = evaluate(watched, "new_diaries", cursor=cursor)
    assert str(request.run_key).startswith("diary:")
    start(watched, request)
    assert evaluate(watched, "new_diaries", cursor=cursor)[0] == []
    assert evaluate(watched, "new_diaries")[0] == []


def test_a_diary_that_waits_for_a_run_is_not_forgotten(watched: Watched) -> None:
    (watched.root / "landing").mkdir()
    settled(write_diary(watched.root / "landing" / "diary.csv"))
    start(watched, dg.RunRequest(tags={}), dg.DagsterRunStatus.STARTED)
    requests, _, cursor = evaluate(watched, "new_diaries")
    assert requests == []
    for record in watched.instance.get_runs():
        watched.instance.delete_run(record.run_id)
    assert len(evaluate(watched, "new_diaries", cursor=cursor)[0]) == 1


def test_a_diary_that_was_accepted_before_is_known_without_any_run(watched: Watched) -> None:
    (watched.root / "landing").mkdir()
    path = settled(write_diary(watched.root / "landing" / "diary.csv"))
    fetched = fetch(str(path.parent))
    kept = deliveries.keep(watched.store, [("diary.csv", path.read_bytes())], identity=fetched.md5)
    deliveries.record(
        watched.store, kept, time=NOW.isoformat(), source="landing", description="", identity=fetched.md5,
        accepted=1, quarantined=0, mapping=None, profile={}, data_version="v",
    )  # fmt: skip
    requests, reason, _ = evaluate(watched, "new_diaries")
    assert requests == []
    assert "already accepted" in reason


def settled(path: Path) -> Path:
    """As it looks when nobody has written for a minute."""
    before = time.time() - 60
    os.utime(path, (before, before))
    return path


@pytest.mark.parametrize("name", ["daily_monitoring", "weekly_report"])
def test_a_schedule_asks_for_the_day_that_has_ended(watched: Watched, name: str) -> None:
    defs = build_defs(resources={"workspace": watched.workspace})
    context = dg.build_schedule_context(
        instance=watched.instance,
        scheduled_execution_time=NOW,
        resources={"workspace": watched.workspace},
        repository_def=defs.get_repository_def(),
    )
    [request] = defs.resolve_schedule_def(name).evaluate_tick(context).run_requests or ()
    assert request.partition_key == "2026-03-10"
    assert name in heartbeats(watched.store)


@pytest.mark.parametrize(("value", "status"), [("on", "RUNNING"), ("off", "STOPPED")])
def test_automation_is_switched_on_and_off_by_one_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, status: str
) -> None:
    monkeypatch.setenv("MIGRAINE_AUTOMATION", value)
    defs = build_defs()
    found = {sensor.name: sensor.default_status.value for sensor in defs.sensors or ()}
    assert {found[name] for name in ("new_diaries", "drift_retraining", "degradation_retraining")} == {status}
    assert {schedule.default_status.value for schedule in defs.schedules or ()} == {status}  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_daemon_that_is_killed_and_started_again_makes_one_run_of_one_drift(tmp_path: Path) -> None:
    """A real daemon on a real instance: killed as soon as the run is there, then started again."""
    watched = Watched.make(tmp_path)
    alarm(watched)
    home = Home(tmp_path)
    extra = {"MIGRAINE_AUTOMATION": "on", "PYTHONPATH": str(project_root())}
    with home.entered(extra), open_instance(Settings()) as instance:
        environment = os.environ | {"DAGSTER_HOME": os.environ["DAGSTER_HOME"]}
        command = (sys.executable, "-m", "dagster._daemon", "run", "-w", str(project_root() / "workspace.yaml"))
        made = []
        for _ in range(2):
            with (tmp_path / "daemon").open("wb") as output:
                daemon = subprocess.Popen(
                    command, cwd=project_root(), env=environment, stdout=output, stderr=output, start_new_session=True
                )
            try:
                made = _runs(instance, patience=120 if not made else 20)
            finally:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait()
    assert len(made) == 1, (tmp_path / "daemon").read_text()[-2000:]
    shutil.rmtree(tmp_path / "dagster", ignore_errors=True)


def _runs(instance: dg.DagsterInstance, *, patience: float) -> list[dg.DagsterRun]:
    """The retraining runs after a while, or as soon as there is one and nothing was there before."""
    deadline, wanted = time.monotonic() + patience, dg.RunsFilter(job_name="retrain")
    before = len(instance.get_runs(wanted))
    while time.monotonic() < deadline and (before or not instance.get_runs(wanted)):
        time.sleep(0.5)
    return list(instance.get_runs(wanted))
