"""The sensors with real runs in a real instance, and in a real daemon that is killed."""

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
from migraine_assets.defs.automation.triggers import TRIGGER_KEY, TRIGGER_REASON
from migraine_assets.defs.resources import Workspace
from migraine_assets.settings import Settings
from migraine_assets.sources.files.fetch import fetch
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.diaries.day import encode_day
from migraine_assets.stores.monitoring.decisions import decisions
from migraine_assets.stores.monitoring.heartbeats import heartbeats
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.support.small_diary import write_diary
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome

NOW = dt.datetime(2026, 3, 11, 2, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[MonitoredHome]:
    home = MonitoredHome.make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield home


def alarm(home: MonitoredHome, kind: str = "drift", *, bundle: str | None = None) -> None:
    written, status = ("drift", "drift") if kind == "drift" else ("realised", "degraded")
    write_task_result(
        home.store, written, status, day=LAST, now=NOW, bundle=bundle or home.champion, reasons=("It moved.",),
        since=dt.date(2026, 3, 10),
    )  # type: ignore[arg-type]  # fmt: skip


def evaluate(
    home: MonitoredHome, name: str, *, cursor: str | None = None
) -> tuple[list[dg.RunRequest], str, str | None]:
    """Return the run requests, the reason to skip, and the cursor, as a daemon receives them."""
    defs = build_defs(resources={"workspace": home.workspace})
    context = dg.build_sensor_context(
        instance=home.instance,
        cursor=cursor,
        resources={"workspace": home.workspace},
        repository_def=defs.get_repository_def(),
    )
    evaluation = defs.resolve_sensor_def(name).evaluate_tick(context)
    return list(evaluation.run_requests or ()), evaluation.skip_message or "", evaluation.cursor


def start(
    home: MonitoredHome, request: dg.RunRequest, status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS
) -> None:
    """Create the run that a daemon creates from a request, with this status."""
    run = dg.DagsterRun(job_name="retrain", run_id=str(uuid.uuid4()))
    home.instance.add_run(run.with_tags(dict(request.tags)).with_status(status))


@pytest.mark.parametrize(("sensor", "kind"), [("drift_retraining", "drift"), ("degradation_retraining", "realised")])
def test_an_alarm_starts_one_retraining_and_the_reason_is_recorded(home: MonitoredHome, sensor: str, kind: str) -> None:
    requests, reason, _ = evaluate(home, sensor)
    assert requests == []
    assert "there is no monitoring result yet" in reason
    alarm(home, kind)
    [request], _, _ = evaluate(home, sensor)
    assert str(request.tags[TRIGGER_REASON]).startswith("Retraining of attack")
    assert "It moved." in str(request.tags[TRIGGER_REASON])
    assert request.run_key == request.tags[TRIGGER_KEY]
    assert home.champion[:12] in str(request.run_key)
    [decision] = decisions(home.store)
    assert (decision.sensor, decision.acted, decision.reasons) == (sensor, True, ("It moved.",))
    assert sensor in heartbeats(home.store)


def test_a_lost_cursor_does_not_repeat_a_run(home: MonitoredHome) -> None:
    alarm(home)
    [request], _, _ = evaluate(home, "drift_retraining")
    start(home, request, dg.DagsterRunStatus.FAILURE)
    for cursor in (None, "lost"):
        requests, reason, _ = evaluate(home, "drift_retraining", cursor=cursor)
        assert requests == []
        assert "was already started for this event" in reason


def test_a_running_training_refuses_others_and_is_recorded_once(home: MonitoredHome) -> None:
    start(home, dg.RunRequest(tags={}), dg.DagsterRunStatus.STARTED)
    alarm(home)
    for _ in range(3):
        requests, reason, _ = evaluate(home, "drift_retraining")
        assert requests == []
        assert "is training" in reason
    assert [decision.acted for decision in decisions(home.store)] == [False]


def test_a_new_champion_ends_the_event_of_the_old_one(home: MonitoredHome) -> None:
    alarm(home, bundle="0" * 64)
    requests, reason, _ = evaluate(home, "drift_retraining")
    assert requests == []
    assert "no longer serves" in reason


def test_a_complete_diary_in_the_landing_folder_starts_the_pipeline(home: MonitoredHome) -> None:
    landing = home.root / "landing"
    landing.mkdir()
    assert "contains no diary" in evaluate(home, "new_diaries")[1]
    path = write_diary(landing / "diary.csv")
    requests, reason, cursor = evaluate(home, "new_diaries")
    assert (requests, cursor) == ([], "")
    assert "may be incomplete" in reason
    settled(path)
    [request], _, cursor = evaluate(home, "new_diaries", cursor=cursor)
    assert str(request.run_key).startswith("diary:")
    start(home, request)
    assert evaluate(home, "new_diaries", cursor=cursor)[0] == []
    requests, reason, _ = evaluate(home, "new_diaries")
    assert requests == []
    assert f"already started for the diary in {landing}" in reason


def test_a_diary_that_waits_for_a_run_is_not_forgotten(home: MonitoredHome) -> None:
    (home.root / "landing").mkdir()
    settled(write_diary(home.root / "landing" / "diary.csv"))
    start(home, dg.RunRequest(tags={}), dg.DagsterRunStatus.STARTED)
    requests, _, cursor = evaluate(home, "new_diaries")
    assert requests == []
    for record in home.instance.get_runs():
        home.instance.delete_run(record.run_id)
    assert len(evaluate(home, "new_diaries", cursor=cursor)[0]) == 1


def test_an_accepted_diary_is_known_without_any_run(home: MonitoredHome) -> None:
    (home.root / "landing").mkdir()
    path = settled(write_diary(home.root / "landing" / "diary.csv"))
    fetched = fetch(str(path.parent))
    files = delivery_files.keep(home.store, [("diary.csv", path.read_bytes())], identity=fetched.md5)
    delivery_log.record(
        home.store, files, time=NOW.isoformat(), source="landing", description="", identity=fetched.md5,
        accepted=1, quarantined=0, mapping=None, profile={}, data_version="v",
    )  # fmt: skip
    requests, reason, _ = evaluate(home, "new_diaries")
    assert requests == []
    assert "already accepted" in reason


def keep_days(home: MonitoredHome, participants: int, days: int) -> None:
    """Keep the days of participants P-0, P-1, ..."""
    diaries_of = [f"P-{k}" for k in range(participants)]
    with open_diaries(home=home.root) as diaries:
        diaries.put("", diaries_of[0], 20_000, {"migraine_occurrence": 1}, check=no_check)
        rows = [
            (diaries.names.pseudonym(name), "", 20_000 + k, encode_day({"migraine_occurrence": k % 2}), 1_000_000)
            for name in diaries_of
            for k in range(1, days + 1)
        ]
        with diaries.database.transaction("test") as session:
            for name in diaries_of[1:]:
                session.execute(
                    "INSERT INTO diary_participants VALUES (?, '', ?, 0)", (diaries.names.pseudonym(name), b"")
                )
            for row in rows:
                session.execute("INSERT INTO diary_days VALUES (?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize("configured", [True, False])
def test_kept_days_start_the_pipeline_once_and_then_after_the_cool_down(
    home: MonitoredHome, monkeypatch: pytest.MonkeyPatch, configured: bool
) -> None:
    monkeypatch.setenv("MIGRAINE_HOME", str(home.root))
    source = {"source": "service"} if configured else {}
    home = replace_source(home, source.get("source"))
    assert evaluate(home, "new_diaries")[0] == []
    keep_days(home, 20, 50 if not configured else 2)
    [request], _, _ = evaluate(home, "new_diaries")
    assert request.run_config == ({} if configured else {"ops": {"raw_diary": {"config": {"source": "service"}}}})
    start(home, request)
    requests, reason, _ = evaluate(home, "new_diaries")
    assert (requests, "already started" in reason) == ([], True)
    with open_diaries(home=home.root) as diaries:
        diaries.put("", "P-0", 20_000, {"migraine_occurrence": 0}, check=no_check)
    assert len(evaluate(home, "new_diaries")[0]) == 1
    finished(home, "full_pipeline")
    requests, reason, _ = evaluate(home, "new_diaries")
    assert (requests, "the next one waits 20 h" in reason) == ([], True)


def test_days_that_were_accepted_are_not_new(home: MonitoredHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_HOME", str(home.root))
    home = replace_source(home, "service")
    keep_days(home, 2, 2)
    delivery = read_source("service", mapping=None, options={}, landing=None)
    files = delivery_files.keep(home.store, [(f.name, f.content) for f in delivery.files], identity=delivery.md5)
    delivery_log.record(
        home.store, files, time=dt.datetime.now(dt.UTC).isoformat(), source="service", description="",
        identity=delivery.md5, accepted=1, quarantined=0, mapping=None, profile={}, data_version="v",
    )  # fmt: skip
    requests, reason, _ = evaluate(home, "new_diaries")
    assert (requests, "No kept day was written since" in reason) == ([], True)


def finished(home: MonitoredHome, job: str) -> None:
    """Record a run of `job` that has just ended."""
    run = dg.DagsterRun(job_name=job, run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.STARTED)
    home.instance.add_run(run)
    home.instance.report_run_failed(run)


def replace_source(home: MonitoredHome, source: str | None) -> MonitoredHome:
    """Return the home with a configured source."""

    class Sourced(MonitoredHome):
        @property
        def workspace(self) -> Workspace:
            plain = super().workspace
            return Workspace(**{name: getattr(plain, name) for name in type(plain).model_fields} | {"source": source})

    return Sourced(home.root, home.instance)


def settled(path: Path) -> Path:
    """Set the modification time to a minute ago."""
    before = time.time() - 60
    os.utime(path, (before, before))
    return path


@pytest.mark.parametrize(
    ("name", "day"),
    [("daily_monitoring", "2026-03-10"), ("weekly_report", "2026-03-10"), ("nightly_forecasts", "2026-03-11")],
)
def test_a_schedule_requests_its_day(home: MonitoredHome, name: str, day: str) -> None:
    """Monitoring looks at the day that has ended, forecasts are for the one that begins."""
    defs = build_defs(resources={"workspace": home.workspace})
    context = dg.build_schedule_context(
        instance=home.instance,
        scheduled_execution_time=NOW,
        resources={"workspace": home.workspace},
        repository_def=defs.get_repository_def(),
    )
    [request] = defs.resolve_schedule_def(name).evaluate_tick(context).run_requests or ()
    assert request.partition_key == day
    assert name in heartbeats(home.store)


@pytest.mark.parametrize(("value", "status"), [("on", "RUNNING"), ("off", "STOPPED")])
def test_automation_is_switched_on_and_off_by_one_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, status: str
) -> None:
    monkeypatch.setenv("MIGRAINE_AUTOMATION", value)
    defs = build_defs()
    statuses = {sensor.name: sensor.default_status.value for sensor in defs.sensors or ()}
    assert {statuses[name] for name in ("new_diaries", "drift_retraining", "degradation_retraining")} == {status}
    assert {schedule.default_status.value for schedule in defs.schedules or ()} == {status}  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_daemon_that_is_killed_and_restarted_starts_one_run_per_drift(tmp_path: Path) -> None:
    """A real daemon on a real instance, killed as soon as the run exists, then restarted."""
    alarm(MonitoredHome.make(tmp_path))
    extra = {"MIGRAINE_AUTOMATION": "on", "PYTHONPATH": str(project_root())}
    with Home(tmp_path).entered(extra), open_instance(Settings()) as instance:
        environment = os.environ | {"DAGSTER_HOME": os.environ["DAGSTER_HOME"]}
        command = (sys.executable, "-m", "dagster._daemon", "run", "-w", str(project_root() / "workspace.yaml"))
        made = []
        for _ in range(2):
            with (tmp_path / "daemon").open("wb") as output:
                daemon = subprocess.Popen(
                    command, cwd=project_root(), env=environment, stdout=output, stderr=output, start_new_session=True
                )
            try:
                made = _runs(instance, patience=300 if not made else 20)
            finally:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait()
    assert len(made) == 1, (tmp_path / "daemon").read_text()[-2000:]
    shutil.rmtree(tmp_path / "dagster", ignore_errors=True)


def _runs(instance: dg.DagsterInstance, *, patience: float) -> list[dg.DagsterRun]:
    """Wait for the first retraining run, or for `patience` seconds if there is one already."""
    deadline, wanted = time.monotonic() + patience, dg.RunsFilter(job_name="retrain")
    before = len(instance.get_runs(wanted))
    while time.monotonic() < deadline and (before or not instance.get_runs(wanted)):
        time.sleep(0.5)
    return list(instance.get_runs(wanted))
