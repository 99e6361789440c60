"""The published pipeline status, from real runs and ticks of a real instance."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import (
    InstigatorStatus,
    InstigatorType,
    TickStatus,
)

from migraine_assets.stores.monitoring.heartbeats import heartbeats
from migraine_assets.stores.monitoring.pipeline_status import (
    JobSummary,
    PipelineStatus,
    TaskVerdict,
    write_pipeline_status,
)
from migraine_assets_tests.support.monitoring_results import write_task_result
from migraine_assets_tests.unit.defs.automation.automation_home import AutomationHome, nightly

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[AutomationHome]:
    with dg.instance_for_test() as instance:
        yield AutomationHome(tmp_path, instance)


def test_without_runs_the_status_is_empty(home: AutomationHome) -> None:
    before = NOW.timestamp()
    published = home.published()
    assert published.published_at >= before
    assert (published.jobs, published.ticks, published.verdicts) == ({}, {}, {})
    assert "operations_figures" in heartbeats(home.store)


def test_the_last_success_and_the_last_failure_of_a_job_are_separate(home: AutomationHome) -> None:
    home.run()
    job = home.published().jobs["nightly"]
    assert job.last_success > 0
    assert job.last_failure == 0
    assert 0 < job.last_duration < 60
    home.run(fails=True)
    failed = home.published().jobs["nightly"]
    assert failed.last_failure > failed.last_success == job.last_success
    home.run()
    again = home.published().jobs["nightly"]
    assert again.last_success > again.last_failure == failed.last_failure


def test_a_failure_that_dagster_will_retry_does_not_count(home: AutomationHome) -> None:
    home.run(fails=True, tags={"dagster/will_retry": "true"})
    assert "nightly" not in home.published().jobs


def test_the_status_outlives_deleted_runs(home: AutomationHome) -> None:
    home.run(fails=True)
    before = home.published().jobs
    for run in home.instance.get_runs():
        home.instance.delete_run(run.run_id)
    assert home.published().jobs == before


def test_a_publisher_that_was_down_misses_no_run(home: AutomationHome) -> None:
    home.run()
    home.published()
    write_pipeline_status(home.store, PipelineStatus(published_at=(NOW - dt.timedelta(days=3)).timestamp()))
    assert home.published().jobs["nightly"].last_success > 0


def test_a_damaged_file_is_replaced(home: AutomationHome) -> None:
    home.run()
    home.store.write("monitoring/operations.json", b'{"published_at": ')
    assert home.published().jobs["nightly"].last_success > 0


def test_queued_runs_are_counted_while_they_wait(home: AutomationHome) -> None:
    run = home.instance.create_run_for_job(nightly)
    assert home.published().jobs["nightly"].queued == 1
    home.instance.report_run_canceled(run)
    assert "nightly" not in home.published().jobs


def test_a_job_without_runs_for_months_is_dropped(home: AutomationHome) -> None:
    old = (NOW - dt.timedelta(days=61)).timestamp()
    write_pipeline_status(home.store, PipelineStatus(NOW.timestamp(), {"gone": JobSummary(last_failure=old)}))
    assert home.published().jobs == {}


def test_running_sensors_and_schedules_are_published_with_their_last_evaluations(home: AutomationHome) -> None:
    home.switched_on("watcher", InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    home.switched_on("daily", InstigatorType.SCHEDULE, InstigatorStatus.RUNNING)
    for name, status, when in (
        ("watcher", TickStatus.SKIPPED, 100.0),
        ("watcher", TickStatus.SUCCESS, 200.0),
        ("watcher", TickStatus.FAILURE, 300.0),
        ("daily", TickStatus.FAILURE, 400.0),
    ):
        home.tick(name, status, when)
    ticks = home.published().ticks
    assert set(ticks) == {"watcher", "daily"}
    watched, scheduled = ticks["watcher"], ticks["daily"]
    assert (watched.kind, watched.interval, watched.last_success, watched.last_failure) == ("sensor", 45, 200, 300)
    assert (scheduled.kind, scheduled.interval, scheduled.last_success, scheduled.last_failure) == (
        "schedule",
        0,
        0,
        400,
    )


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("watcher", InstigatorStatus.STOPPED, False),
        # Dagster keeps the record of a sensor that the code no longer switches on.
        ("watcher", InstigatorStatus.DECLARED_IN_CODE, False),
        ("operations_figures", InstigatorStatus.DECLARED_IN_CODE, True),
        ("operations_figures", InstigatorStatus.STOPPED, False),
        ("no_longer_in_the_code", InstigatorStatus.RUNNING, False),
    ],
)
def test_only_running_instigators_of_the_code_are_published(
    home: AutomationHome, name: str, status: InstigatorStatus, expected: bool
) -> None:
    home.switched_on(name, InstigatorType.SENSOR, status)
    assert (name in home.published().ticks) is expected


def test_the_newest_result_of_each_kind_gives_the_verdict(home: AutomationHome) -> None:
    day = dt.date(2026, 3, 1)
    for kind, offset, status in (("drift", 0, "none"), ("drift", 1, "drift"), ("realised", 0, "degraded")):
        write_task_result(home.store, kind, status, day=day + dt.timedelta(days=offset), now=NOW)  # type: ignore[arg-type]
    assert home.published().verdicts == {
        "drift": {"attack": TaskVerdict("drift", "2026-03-02")},
        "realised": {"attack": TaskVerdict("degraded", "2026-03-01")},
    }


def test_a_damaged_result_leaves_the_previous_verdict(home: AutomationHome) -> None:
    write_task_result(home.store, "drift", "drift", day=dt.date(2026, 3, 1), now=NOW)
    known = home.published().verdicts
    home.store.write("monitoring/results/drift/2026-03-02.json", json.dumps({"format": 1}).encode())
    assert home.published().verdicts == known
