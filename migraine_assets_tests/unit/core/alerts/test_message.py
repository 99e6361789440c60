"""The text of a message: condition, start, severity, model and link."""

import datetime as dt

from migraine_assets.core.alerts.kinds import Alert, Ended, alert
from migraine_assets.core.alerts.lifecycle import AlertUpdate, on_end, on_sighting
from migraine_assets.core.alerts.message import MOST_CHARACTERS, MOST_UPDATES, Message, lasted, message

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


def new(sighting: Alert) -> AlertUpdate:
    update = on_sighting(None, sighting, now=START).update
    assert update is not None
    return update


def over(sighting: Alert) -> AlertUpdate:
    step = on_end(new(sighting).state, Ended(sighting.kind, sighting.key), now=START + 25 * HOUR)
    assert step is not None
    assert step.update is not None
    return step.update


def rendered(*updates: AlertUpdate) -> Message:
    return message(updates, now=START)


def test_a_message_on_one_alert() -> None:
    text = rendered(new(DRIFT))
    assert text.title == "Drift detected: attack (error)"
    assert text.body.splitlines() == [
        "Drift detected: attack (error)",
        "sleep_hours moved: PSI 0.41.",
        "Since 2026-03-01 12:00 UTC",
        "Model: xgboost 0123456789ab",
        "See https://dagster.example.org/assets/drift_scores",
    ]
    assert not text.good


def test_a_resolved_alert_has_its_duration_and_is_good_news() -> None:
    text = rendered(over(DRIFT))
    assert text.good
    assert text.title == "Resolved: Drift detected: attack"
    assert "resolved at 2026-03-02 13:00 UTC after 1 d 1 h" in text.body


def test_the_most_severe_alert_comes_first_and_resolved_ones_last() -> None:
    critical = alert("service_down", "service", "No answer.", since=START)
    text = rendered(over(DRIFT), new(FAILED), new(critical))
    assert text.title == "Service down: service (critical) (and 2 more)"
    assert text.severity == "critical"
    assert not text.good
    assert text.body.rfind("Resolved:") > text.body.rfind("Run failed")


def test_a_reminder_has_the_number_of_folded_sightings() -> None:
    state = new(DRIFT).state
    for hour in range(1, 25):
        step = on_sighting(state, DRIFT, now=START + hour * HOUR)
        state = step.state
    assert step.update is not None
    assert "Seen 25 times; 24 times since the last message." in rendered(step.update).body


def test_many_alerts_are_one_message_of_bounded_length() -> None:
    flood = [new(alert("check_failed", f"check {number}", "x" * 5000, since=START)) for number in range(200)]
    text = rendered(*flood)
    assert f"And {200 - MOST_UPDATES} more: `migraine alerts list` shows them." in text.body
    assert len(text.body) < MOST_UPDATES * (MOST_CHARACTERS + 200)


def test_a_duration_has_two_units_and_is_never_negative() -> None:
    assert lasted(dt.timedelta(minutes=59)) == "59 min"
    assert lasted(dt.timedelta(hours=3, minutes=2)) == "3 h 2 min"
    assert lasted(dt.timedelta(days=2, hours=5)) == "2 d 5 h"
    assert lasted(dt.timedelta(minutes=-5)) == "0 min"
