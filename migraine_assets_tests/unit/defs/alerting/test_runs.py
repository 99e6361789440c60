"""Alerts on failed runs and checks of a real instance, until they succeed."""

import datetime as dt

import dagster as dg
import pytest

from migraine_assets.errors import DataRefused, StoreError
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon

BROKEN: dict[str, Exception | bool] = {}
DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01")


@dg.asset
def numbers() -> int:
    """Fail with the error in BROKEN."""
    if error := BROKEN.get("numbers"):
        assert isinstance(error, Exception)
        raise error
    return 1


@dg.asset(partitions_def=DAYS)
def daily() -> None:
    """Fail like `numbers`."""
    numbers()


@dg.asset_check(asset=numbers)
def plausible() -> dg.AssetCheckResult:
    """Not blocking."""
    good = not BROKEN.get("plausible")
    return dg.AssetCheckResult(passed=good, severity=dg.AssetCheckSeverity.WARN, description="41 is too many.")


@dg.asset_check(asset=numbers, blocking=True)
def complete() -> dg.AssetCheckResult:
    """Blocking."""
    return dg.AssetCheckResult(passed=not BROKEN.get("complete"), description="12 are missing.")


JOB = dg.define_asset_job("count", selection=[numbers])
DAILY = dg.define_asset_job("each_day", selection=[daily])
DEFS = dg.Definitions([numbers, daily], asset_checks=[plausible, complete], jobs=[JOB, DAILY])


@pytest.fixture(autouse=True)
def _mended() -> None:
    BROKEN.clear()


@pytest.fixture
def daemon(daemon: Daemon) -> Daemon:
    """The daemon with the clock of the runs."""
    daemon.now = dt.datetime.now(dt.UTC)
    daemon.extra = {"MIGRAINE_PUBLIC_URL": "https://dagster.example.org/"}
    return daemon


def run(daemon: Daemon, job: str = "count", *, day: str | None = None) -> str:
    done = DEFS.resolve_job_def(job).execute_in_process(
        instance=daemon.instance, raise_on_error=False, partition_key=day
    )
    daemon.now = dt.datetime.now(dt.UTC)
    return done.run_id


def test_an_alert_on_a_failed_run_has_step_reason_and_link(daemon: Daemon) -> None:
    BROKEN["numbers"] = StoreError("The disk of the store is full. Free some space.")
    run_id = run(daemon)
    daemon.evaluate("alert_failed_runs")
    (message,) = daemon.receiver.accepted
    assert message["title"] == "Run failed: count (error)"
    assert "numbers failed: StoreError: The disk of the store is full. Free some space." in message["message"]
    assert f"See https://dagster.example.org/runs/{run_id}" in message["message"]


@pytest.mark.parametrize("error", [DataRefused("row 3 of Ms Smith, 1971"), ValueError("Ms Smith, 1971")])
def test_an_error_message_that_may_quote_a_diary_is_not_sent(daemon: Daemon, error: Exception) -> None:
    BROKEN["numbers"] = error
    run(daemon)
    daemon.evaluate("alert_failed_runs")
    assert f"numbers failed: {type(error).__name__}." in daemon.receiver.accepted[0]["message"]
    assert "Smith" not in daemon.receiver.accepted[0]["message"]


def test_failures_of_a_job_are_one_alert_until_it_succeeds(daemon: Daemon) -> None:
    BROKEN["numbers"] = ValueError()
    for _ in range(3):
        run(daemon)
        daemon.evaluate("alert_failed_runs")
    BROKEN.clear()
    run(daemon)
    daemon.evaluate("alert_failed_runs")
    assert daemon.receiver.titles == ["Run failed: count (error)", "Resolved: Run failed: count"]
    assert daemon.open() == []


def test_a_lost_cursor_repeats_no_message(daemon: Daemon) -> None:
    for broken in (True, False, True):
        BROKEN["numbers"] = ValueError() if broken else False
        run(daemon)
        daemon.evaluate("alert_failed_runs")
    count = len(daemon.receiver.accepted)
    assert count == 3
    daemon.cursors.clear()
    daemon.evaluate("alert_failed_runs")
    daemon.cursors["alert_failed_runs"] = "nonsense"
    daemon.evaluate("alert_failed_runs")
    assert len(daemon.receiver.accepted) == count
    assert daemon.open() == [("run_failed", "count")]


def test_a_success_of_another_partition_does_not_resolve_an_alert(daemon: Daemon) -> None:
    BROKEN["numbers"] = ValueError()
    run(daemon, "each_day", day="2026-01-02")
    BROKEN.clear()
    run(daemon, "each_day", day="2026-01-03")
    daemon.evaluate("alert_failed_runs")
    assert daemon.open() == [("run_failed", "each_day of 2026-01-02")]
    run(daemon, "each_day", day="2026-01-02")
    daemon.evaluate("alert_failed_runs")
    assert daemon.open() == []


def test_a_killed_run_raises_an_alert_without_a_failed_step(daemon: Daemon) -> None:
    """Dagster's run monitoring reports a run whose process has ended in this way."""
    made = daemon.instance.create_run_for_job(DEFS.resolve_job_def("count"), status=dg.DagsterRunStatus.STARTED)
    daemon.instance.report_run_failed(made, "The process of the run is gone.")
    daemon.evaluate("alert_failed_runs")
    assert "The process of the run is gone." in daemon.receiver.accepted[0]["message"]


def test_a_failure_that_dagster_will_retry_raises_no_alert(daemon: Daemon) -> None:
    made = daemon.instance.create_run_for_job(
        DEFS.resolve_job_def("count"), status=dg.DagsterRunStatus.STARTED, tags={"dagster/will_retry": "true"}
    )
    daemon.instance.report_run_failed(made, "Evicted.")
    daemon.evaluate("alert_failed_runs")
    assert daemon.receiver.accepted == []


def test_a_check_that_is_not_blocking_raises_an_alert_of_its_severity(daemon: Daemon) -> None:
    """The run of such a check succeeds, so an alert on runs does not report it."""
    BROKEN["plausible"] = True
    run(daemon)
    daemon.evaluate("alert_failed_runs")
    assert daemon.receiver.accepted == []
    daemon.evaluate("alert_failed_checks")
    (message,) = daemon.receiver.accepted
    assert message["title"] == "Check failed: numbers: plausible (warning)"
    assert "41 is too many." in message["message"]
    assert "See https://dagster.example.org/assets/numbers?view=checks" in message["message"]


def test_a_blocking_check_raises_an_error_that_says_so(daemon: Daemon) -> None:
    BROKEN["complete"] = True
    run(daemon)
    daemon.evaluate("alert_failed_checks")
    assert daemon.receiver.titles == ["Check failed: numbers: complete (error)"]
    assert "12 are missing. It blocked downstream assets." in daemon.receiver.accepted[0]["message"]


def test_an_alert_on_a_check_lasts_until_the_check_passes(daemon: Daemon) -> None:
    BROKEN.update(plausible=True, complete=True)
    run(daemon)
    daemon.evaluate("alert_failed_checks")
    BROKEN.pop("complete")
    run(daemon)
    daemon.evaluate("alert_failed_checks")
    assert daemon.receiver.titles[-1] == "Resolved: Check failed: numbers: complete"
    assert daemon.open() == [("check_failed", "numbers: plausible")]
