"""An alert is sent when it is new, worse, a day old or resolved; other sightings are counted."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.core.alerts.kinds import KINDS, Alert, Ended, alert, worst
from migraine_assets.core.alerts.lifecycle import AlertState, AlertUpdate, on_end, on_sighting

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def slow(severity: str = "warning", *, happened: dt.datetime | None = None) -> Alert:
    return alert("latency", "service", "p95 is 1.4 s.", since=START, severity=severity, happened=happened)  # type: ignore[arg-type]


def failing(happened: dt.datetime) -> Alert:
    return alert("run_failed", "retrain", "It failed.", since=happened, happened=happened)


def state_of(sighting: Alert, *, now: dt.datetime = START) -> AlertState:
    return on_sighting(None, sighting, now=now).state


def test_the_first_sighting_is_sent() -> None:
    folded = on_sighting(None, slow(), now=START)
    assert folded.update is not None
    assert folded.update.change == "new"


def test_a_repeated_sighting_is_counted_and_not_sent() -> None:
    folded = on_sighting(state_of(slow()), slow(), now=START + MINUTE)
    assert folded.update is None
    assert (folded.state.count, folded.state.folded) == (2, 1)


def test_a_higher_severity_is_sent_at_once_and_only_once() -> None:
    worse = on_sighting(state_of(slow()), slow("critical"), now=START + MINUTE)
    assert worse.update is not None
    assert worse.update.change == "worse"
    assert on_sighting(worse.state, slow("critical"), now=START + 2 * MINUTE).update is None


def test_a_severity_that_returns_to_the_sent_one_is_not_sent_again() -> None:
    bad = state_of(slow("critical"))
    milder = on_sighting(bad, slow("warning"), now=START + MINUTE)
    assert milder.update is None
    assert on_sighting(milder.state, slow("critical"), now=START + 2 * MINUTE).update is None


def test_after_a_day_a_reminder_with_the_folded_count_is_sent() -> None:
    state = on_sighting(state_of(slow()), slow(), now=START + HOUR).state
    reminded = on_sighting(state, slow(), now=START + 24 * HOUR)
    assert reminded.update is not None
    assert (reminded.update.change, reminded.update.folded) == ("lasting", 2)
    assert reminded.state.folded == 0


def test_an_end_is_sent_after_the_settling_time_with_the_real_end() -> None:
    first = on_end(state_of(slow()), Ended("latency", "service"), now=START + HOUR)
    assert first is not None
    assert first.update is None
    last = on_end(first.state, Ended("latency", "service"), now=START + HOUR + 10 * MINUTE)
    assert last is not None
    assert last.update is not None
    assert last.update.change == "over"
    assert last.state.resolved_at == START + HOUR
    assert not last.state.open


def test_absences_within_the_settling_time_send_nothing() -> None:
    state, updates = state_of(slow()), []
    for minute in range(1, 60):
        now = START + minute * MINUTE
        step = (
            on_sighting(state, slow(), now=now) if minute % 5 else on_end(state, Ended("latency", "service"), now=now)
        )
        assert step is not None
        state = step.state
        updates.append(step.update)
    assert not any(updates)


def test_an_alert_after_its_end_is_new() -> None:
    over = on_end(state_of(failing(START)), Ended("run_failed", "retrain", START + HOUR), now=START + HOUR)
    assert over is not None
    again = on_sighting(over.state, failing(START + 2 * HOUR), now=START + 2 * HOUR)
    assert again.update is not None
    assert again.update.change == "new"


def test_the_end_of_an_unknown_or_resolved_alert_is_ignored() -> None:
    end = Ended("run_failed", "retrain", START + HOUR)
    assert on_end(None, end, now=START + HOUR) is None
    over = on_end(state_of(failing(START)), end, now=START + HOUR)
    assert over is not None
    assert on_end(over.state, end, now=START + 2 * HOUR) is None


def test_events_read_again_after_a_lost_cursor_change_nothing() -> None:
    """A failure and the success after it are read twice. The second reading must not open and close the alert again."""
    state = state_of(failing(START))
    over = on_end(state, Ended("run_failed", "retrain", START + HOUR), now=START + HOUR)
    assert over is not None
    again = on_sighting(over.state, failing(START), now=START + 3 * HOUR)
    assert again.update is None
    assert again.state == over.state


def test_an_older_success_does_not_end_a_newer_failure() -> None:
    assert on_end(state_of(failing(START)), Ended("run_failed", "retrain", START - HOUR), now=START + HOUR) is None


def test_a_clock_that_was_set_back_neither_mutes_nor_prolongs_an_alert() -> None:
    before = START - 48 * HOUR
    assert on_sighting(state_of(slow()), slow(), now=before).update is not None
    step = on_end(state_of(slow()), Ended("latency", "service"), now=START)
    assert step is not None
    step = on_end(step.state, Ended("latency", "service"), now=before)
    assert step is not None
    assert step.state.absent_since == before


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=60))
def test_new_and_resolved_messages_alternate(steps: list[tuple[bool, int]]) -> None:
    state: AlertState | None = None
    updates: list[AlertUpdate] = []
    now = START
    for there, minutes in steps:
        now += minutes * MINUTE
        step = on_sighting(state, slow(), now=now) if there else on_end(state, Ended("latency", "service"), now=now)
        if step is not None:
            state = step.state
            updates += [step.update] if step.update else []
    changes = [update.change for update in updates if update.change in ("new", "over")]
    assert changes == ["new", "over"] * (len(changes) // 2) + ["new"] * (len(changes) % 2)
    # Each sighting is sent or counted.
    assert state is None or state.count >= 1


def test_the_table_of_kinds_is_sound() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.means.endswith(".") and kind.ends.endswith(".") for kind in KINDS)


def test_a_kind_outside_the_table_is_refused() -> None:
    with pytest.raises(KeyError):
        alert("gossip", "x", "y", since=START)


def test_the_worst_severity_counts() -> None:
    assert worst(("warning", "critical", "error")) == "critical"
