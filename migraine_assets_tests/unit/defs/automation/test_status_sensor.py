"""What the sensor publishes, from real runs and ticks of a real instance."""

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
from migraine_assets_tests.unit.defs.automation.place import Place, nightly

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with dg.instance_for_test() as instance:
        yield Place(tmp_path, instance)


def test_where_nothing_has_run_that_is_what_is_told(place: Place) -> None:
    before = NOW.timestamp()
    found = place.published()
    assert found.published_at >= before
    assert (found.jobs, found.ticks, found.verdicts) == ({}, {}, {})
    assert "operations_figures" in heartbeats(place.store)


def test_the_last_good_and_the_last_bad_run_of_a_job_are_told_apart(place: Place) -> None:
    place.run()
    job = place.published().jobs["nightly"]
    assert job.last_success > 0
    assert job.last_failure == 0
    assert 0 < job.last_duration < 60
    place.run(fails=True)
    failed = place.published().jobs["nightly"]
    assert failed.last_failure > failed.last_success == job.last_success
    place.run()
    again = place.published().jobs["nightly"]
    assert again.last_success > again.last_failure == failed.last_failure


def test_a_failure_that_dagster_will_repeat_is_none_yet(place: Place) -> None:
    place.run(fails=True, tags={"dagster/will_retry": "true"})
    assert "nightly" not in place.published().jobs


def test_what_was_published_outlives_the_runs_that_are_deleted(place: Place) -> None:
    place.run(fails=True)
    before = place.published().jobs
    for run in place.instance.get_runs():
        place.instance.delete_run(run.run_id)
    assert place.published().jobs == before


def test_a_publisher_that_was_away_for_a_while_misses_nothing(place: Place) -> None:
    place.run()
    place.published()
    write_pipeline_status(place.store, PipelineStatus(published_at=(NOW - dt.timedelta(days=3)).timestamp()))
    assert place.published().jobs["nightly"].last_success > 0


def test_a_damaged_file_is_made_anew(place: Place) -> None:
    place.run()
    place.store.write("monitoring/operations.json", b'{"published_at": ')
    assert place.published().jobs["nightly"].last_success > 0


def test_runs_that_wait_are_counted_until_they_do_not(place: Place) -> None:
    run = place.instance.create_run_for_job(nightly)
    assert place.published().jobs["nightly"].queued == 1
    place.instance.report_run_canceled(run)
    assert "nightly" not in place.published().jobs


def test_a_job_that_nobody_ran_for_months_is_forgotten(place: Place) -> None:
    old = (NOW - dt.timedelta(days=61)).timestamp()
    write_pipeline_status(place.store, PipelineStatus(NOW.timestamp(), {"gone": JobSummary(last_failure=old)}))
    assert place.published().jobs == {}


def test_sensors_and_schedules_that_are_on_are_told_with_their_last_evaluations(place: Place) -> None:
    place.switched_on("watcher", InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    place.switched_on("daily", InstigatorType.SCHEDULE, InstigatorStatus.RUNNING)
    for name, status, when in (
        ("watcher", TickStatus.SKIPPED, 100.0),
        ("watcher", TickStatus.SUCCESS, 200.0),
        ("watcher", TickStatus.FAILURE, 300.0),
        ("daily", TickStatus.FAILURE, 400.0),
    ):
        place.tick(name, status, when)
    ticks = place.published().ticks
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
    ("name", "status", "told"),
    [
        ("watcher", InstigatorStatus.STOPPED, False),
        # Dagster keeps the record of a sensor that the code no longer switches on.
        ("watcher", InstigatorStatus.DECLARED_IN_CODE, False),
        ("operations_figures", InstigatorStatus.DECLARED_IN_CODE, True),
        ("operations_figures", InstigatorStatus.STOPPED, False),
        ("no_longer_in_the_code", InstigatorStatus.RUNNING, False),
    ],
)
def test_only_what_is_on_and_in_the_code_can_fall_silent(
    place: Place, name: str, status: InstigatorStatus, told: bool
) -> None:
    place.switched_on(name, InstigatorType.SENSOR, status)
    assert (name in place.published().ticks) is told


def test_the_newest_result_of_each_kind_gives_the_verdict(place: Place) -> None:
    day = dt.date(2026, 3, 1)
    for kind, offset, status in (("drift", 0, "none"), ("drift", 1, "drift"), ("realised", 0, "degraded")):
        write_task_result(place.store, kind, status, day=day + dt.timedelta(days=offset), now=NOW)  # type: ignore[arg-type]
    assert place.published().verdicts == {
        "drift": {"attack": TaskVerdict("drift", "2026-03-02")},
        "realised": {"attack": TaskVerdict("degraded", "2026-03-01")},
    }


def test_a_damaged_result_leaves_the_verdict_that_was_known(place: Place) -> None:
    write_task_result(place.store, "drift", "drift", day=dt.date(2026, 3, 1), now=NOW)
    known = place.published().verdicts
    place.store.write("monitoring/results/drift/2026-03-02.json", json.dumps({"format": 1}).encode())
    assert place.published().verdicts == known
