"""A message says what, since when, how bad, which model, and where to look."""

import datetime as dt

from migraine_assets.core.alerts.kinds import Alert, Ended, alert
from migraine_assets.core.alerts.lifecycle import Notice, ended, sighted
from migraine_assets.core.alerts.message import MOST_LETTERS, MOST_TOLD, Message, lasted, message

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DRIFT = alert(
    "drift_detected",
    "attack",
    "sleep_hours moved: PSI 0.41.",
    since=START,
    model="xgboost 0123456789ab",
    link="https://dagster.example.org/assets/drift_scores",
)
FAILED = alert("run_failed", "retrain", "Step features failed.", since=START, happened=START)


def new(seen: Alert) -> Notice:
    notice = sighted(None, seen, now=START).notice
    assert notice is not None
    return notice


def over(seen: Alert) -> Notice:
    step = ended(new(seen).standing, Ended(seen.kind, seen.key), now=START + 25 * HOUR)
    assert step is not None
    assert step.notice is not None
    return step.notice


def said(*notices: Notice) -> Message:
    return message(notices, now=START)


def test_one_alert_says_everything() -> None:
    told = said(new(DRIFT))
    assert told.title == "Drift detected: attack (error)"
    assert told.body.splitlines() == [
        "Drift detected: attack (error)",
        "sleep_hours moved: PSI 0.41.",
        "Since 2026-03-01 12:00 UTC",
        "Model: xgboost 0123456789ab",
        "See https://dagster.example.org/assets/drift_scores",
    ]
    assert not told.good


def test_an_end_says_how_long_it_lasted_and_is_good_news() -> None:
    told = said(over(DRIFT))
    assert told.good
    assert told.title == "over: Drift detected: attack"
    assert "over at 2026-03-02 13:00 UTC after 1 d 1 h" in told.body


def test_the_worst_comes_first_and_ends_come_last() -> None:
    critical = alert("service_down", "service", "No answer.", since=START)
    told = said(over(DRIFT), new(FAILED), new(critical))
    assert told.title == "The service is down: service (critical) (and 2 more)"
    assert told.severity == "critical"
    assert not told.good
    assert told.body.rfind("over:") > told.body.rfind("Run failed")


def test_what_was_folded_is_told_with_the_reminder() -> None:
    standing = new(DRIFT).standing
    for hour in range(1, 25):
        step = sighted(standing, DRIFT, now=START + hour * HOUR)
        standing = step.standing
    assert step.notice is not None
    assert "Seen 25 times; 24 times since the last message." in said(step.notice).body


def test_a_flood_is_one_message_of_bounded_length() -> None:
    flood = [new(alert("check_failed", f"check {number}", "x" * 5000, since=START)) for number in range(200)]
    told = said(*flood)
    assert f"And {200 - MOST_TOLD} more: `migraine alerts list` shows them." in told.body
    assert len(told.body) < MOST_TOLD * (MOST_LETTERS + 200)


def test_a_span_is_told_in_two_units_and_never_negative() -> None:
    assert lasted(dt.timedelta(minutes=59)) == "59 min"
    assert lasted(dt.timedelta(hours=3, minutes=2)) == "3 h 2 min"
    assert lasted(dt.timedelta(days=2, hours=5)) == "2 d 5 h"
    assert lasted(dt.timedelta(minutes=-5)) == "0 min"
