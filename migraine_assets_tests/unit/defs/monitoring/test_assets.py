"""The monitoring over a real log, as runs of its job."""

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
from migraine_assets_tests.unit.defs.monitoring.watched import LAST, Watched, cohort, metadata

OTHERS = 17


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched.make(tmp_path)


def attack(watched: Watched, kind: ResultKind[TaskResults[R]], day: dt.date = LAST) -> R:
    result = task_result(watched.store, kind, day, "attack")
    assert result is not None
    return result


def status(watched: Watched, kind: ResultKind[TaskResults[Any]], day: dt.date = LAST) -> str:
    return str(attack(watched, kind, day).status)


def test_other_people_of_the_same_world_are_no_drift_and_no_degradation(watched: Watched) -> None:
    watched.tell(watched.serve(cohort(OTHERS), days=10))
    watched.watch_each(days=10)
    assert status(watched, DRIFT) == "none"
    assert status(watched, REALIZED) == "none"
    assert status(watched, ESTIMATED) == "none"
    assert attack(watched, REALIZED).held["roc_auc"].held
    figures = read_gauges(watched.store)
    assert figures is not None
    assert figures.drift_detected_total == 0
    assert set(figures.model_accuracy) == {"logistic_regression"}
    assert all(0 <= score < 1 for score in figures.drift_score.values())


def test_short_nights_and_stress_are_drift_which_is_one_event_however_often_it_is_seen(watched: Watched) -> None:
    watched.serve(cohort(OTHERS, sleep_change=-2.5, stress_change=3.0))
    watched.watch_each()
    watched.watch_each()
    drift = attack(watched, DRIFT)
    assert drift.status == "drift"
    assert any(name.startswith(("sleep", "stress")) for name in drift.moved)
    figures = read_gauges(watched.store)
    assert figures is not None
    assert figures.drift_detected_total == 1
    assert max(figures.drift_score.values()) >= 1


def test_a_concept_that_changed_is_seen_in_outcomes_alone(watched: Watched) -> None:
    watched.tell(watched.serve(cohort(OTHERS), days=10), invert=True)
    watched.watch_each(days=10)
    assert status(watched, DRIFT) == "none"
    assert status(watched, REALIZED) == "degraded"
    assert not attack(watched, REALIZED).held["roc_auc"].held


def test_outcomes_that_are_not_due_are_pending(watched: Watched) -> None:
    watched.tell(watched.serve(cohort(OTHERS)), delay=9)
    watched.watch_each()
    realized = attack(watched, REALIZED)
    assert (realized.status, realized.rows) == ("too little data", 0)
    assert realized.pending > 0


def test_an_empty_day_and_a_home_without_a_champion_are_no_failures(watched: Watched) -> None:
    assert watched.watch(LAST).success
    assert status(watched, DRIFT) == "too little data"
    watched.store.delete("registry")
    assert watched.watch(LAST).success
    assert read_result(watched.store, DRIFT, LAST) == TaskResults({})


def test_a_day_can_be_filled_in_later_and_says_what_it_would_have_said(watched: Watched) -> None:
    watched.tell(watched.serve(cohort(OTHERS), days=10))
    for back in (0, 5, 2, 9, 1, 3, 4, 6, 7, 8):
        watched.watch(LAST - dt.timedelta(days=back))
    assert len(result_days(watched.store, DRIFT)) == 10
    day = LAST - dt.timedelta(days=2)
    backfilled = attack(watched, DRIFT, day)
    watched.watch(day)
    again = attack(watched, DRIFT, day)
    assert backfilled.rows < again.rows
    watched.watch(day)
    assert attack(watched, DRIFT, day) == again


def test_the_page_shows_trends_what_moved_and_loads_nothing(watched: Watched) -> None:
    watched.serve(cohort(OTHERS, sleep_change=-2.5, stress_change=3.0))
    watched.watch_each(days=3)
    result = watched.watch(LAST)
    page = Path(metadata(result, "monitoring_report")["report"])
    text = page.read_text()
    assert page.name == f"{LAST}.html"
    assert (page.parent / "latest.html").read_bytes() == page.read_bytes()
    assert "drift" in text
    assert "visible from" in text
    assert "data:image/svg+xml" in text
    assert 'alt="Highest drift ratio' in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "<script" not in text


def test_what_is_shown_in_the_ui_can_be_read_there(watched: Watched) -> None:
    watched.serve(cohort(OTHERS, sleep_change=-2.5, stress_change=3.0))
    result = watched.watch(LAST)
    assert metadata(result, "prediction_log")["dagster/row_count"] > 0
    assert "attack: drift" in metadata(result, "drift_scores")["summary"]
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert {check.check_name for check in failed} >= {"no_drift"}
    assert all(not check.blocking for check in failed)
    assert "drift" in (failed[0].description or "")


def test_results_are_plain_json(watched: Watched) -> None:
    watched.serve(cohort(OTHERS))
    watched.watch(LAST)
    for kind in ("drift", "realised", "estimated", "quality"):
        path = watched.root / "store" / "monitoring" / "results" / kind / f"{LAST}.json"
        assert json.loads(path.read_text())["format"] == 1
