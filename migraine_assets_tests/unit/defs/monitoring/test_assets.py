"""The monitoring job over a real prediction log."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from migraine_assets.stores.monitoring.gauges import read_gauges
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    REALIZED,
    R,
    ResultKind,
    TaskResults,
    read_result,
    result_days,
    task_result,
)
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome, cohort, metadata

OTHERS = 17


@pytest.fixture
def home(tmp_path: Path) -> MonitoredHome:
    return MonitoredHome.make(tmp_path)


def attack(home: MonitoredHome, kind: ResultKind[TaskResults[R]], day: dt.date = LAST) -> R:
    result = task_result(home.store, kind, day, "attack")
    assert result is not None
    return result


def status(home: MonitoredHome, kind: ResultKind[TaskResults[Any]], day: dt.date = LAST) -> str:
    return str(attack(home, kind, day).status)


def test_new_participants_of_the_same_population_are_no_drift_and_no_degradation(home: MonitoredHome) -> None:
    home.report_outcomes(home.serve(cohort(OTHERS), days=10))
    home.monitor_days(days=10)
    assert status(home, DRIFT) == "none"
    assert status(home, REALIZED) == "none"
    assert status(home, ESTIMATED) == "none"
    assert attack(home, REALIZED).held["roc_auc"].held
    figures = read_gauges(home.store)
    assert figures is not None
    assert figures.drift_detected_total == 0
    assert set(figures.model_accuracy) == {"logistic_regression"}
    assert all(0 <= score < 1 for score in figures.drift_score.values())


def test_shorter_nights_and_more_stress_are_one_drift_event(home: MonitoredHome) -> None:
    home.serve(cohort(OTHERS, sleep_change=-2.5, stress_change=3.0))
    home.monitor_days()
    home.monitor_days(days=2)
    drift = attack(home, DRIFT)
    assert drift.status == "drift"
    assert any(name.startswith(("sleep", "stress")) for name in drift.moved)
    figures = read_gauges(home.store)
    assert figures is not None
    assert figures.drift_detected_total == 1
    assert max(figures.drift_score.values()) >= 1


def test_a_changed_concept_shows_in_outcomes_alone(home: MonitoredHome) -> None:
    home.report_outcomes(home.serve(cohort(OTHERS), days=10), invert=True)
    home.monitor_days(days=10)
    assert status(home, DRIFT) == "none"
    assert status(home, REALIZED) == "degraded"
    assert not attack(home, REALIZED).held["roc_auc"].held


def test_outcomes_that_are_not_due_are_pending(home: MonitoredHome) -> None:
    home.report_outcomes(home.serve(cohort(OTHERS)), delay=9)
    home.monitor_days()
    realized = attack(home, REALIZED)
    assert (realized.status, realized.rows) == ("too little data", 0)
    assert realized.pending > 0


def test_an_empty_day_and_a_home_without_a_champion_do_not_fail(home: MonitoredHome) -> None:
    assert home.monitor(LAST).success
    assert status(home, DRIFT) == "too little data"
    home.store.delete("registry")
    assert home.monitor(LAST).success
    assert read_result(home.store, DRIFT, LAST) == TaskResults({})


def test_a_day_can_be_backfilled_and_repeated(home: MonitoredHome) -> None:
    home.report_outcomes(home.serve(cohort(OTHERS), days=10))
    for back in (0, 5, 2, 9, 1, 3, 4, 6, 7, 8):
        home.monitor(LAST - dt.timedelta(days=back), report=False)
    assert len(result_days(home.store, DRIFT)) == 10
    day = LAST - dt.timedelta(days=2)
    backfilled = attack(home, DRIFT, day)
    home.monitor(day)
    again = attack(home, DRIFT, day)
    assert backfilled.rows < again.rows
    home.monitor(day)
    assert attack(home, DRIFT, day) == again


def test_the_page_shows_trends_and_drift_and_loads_nothing(home: MonitoredHome) -> None:
    home.serve(cohort(OTHERS, sleep_change=-2.5, stress_change=3.0))
    home.monitor_days(days=3)
    result = home.monitor(LAST)
    page = Path(metadata(result, "monitoring_report")["report file"])
    text = page.read_text()
    assert page.name == f"{LAST}.html"
    assert (page.parent / "latest.html").read_bytes() == page.read_bytes()
    assert "drift" in text
    assert "visible from" in text
    assert "data:image/svg+xml" in text
    assert 'alt="Highest drift ratio' in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "<script" not in text


def test_the_ui_shows_summaries_and_failed_checks(home: MonitoredHome) -> None:
    home.serve(cohort(OTHERS, sleep_change=-2.5, stress_change=3.0))
    result = home.monitor(LAST)
    assert metadata(result, "prediction_log")["dagster/row_count"] > 0
    assert "attack: drift" in metadata(result, "drift_scores")["summary"]
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert {check.check_name for check in failed} >= {"no_drift"}
    assert all(not check.blocking for check in failed)
    assert "drift" in (failed[0].description or "")


def test_results_are_plain_json(home: MonitoredHome) -> None:
    home.serve(cohort(OTHERS))
    home.monitor(LAST)
    for kind in ("drift", "realised", "estimated", "quality"):
        path = home.root / "store" / "monitoring" / "results" / kind / f"{LAST}.json"
        assert json.loads(path.read_text())["format"] == 1
