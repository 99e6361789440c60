"""An alert is told when it is new, worse, a day old, or over; in between it is counted."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.core.alerts.kinds import KINDS, Alert, Ended, alert, worst
from migraine_assets.core.alerts.lifecycle import Notice, Standing, ended, sighted

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def slow(severity: str = "warning", *, happened: dt.datetime | None = None) -> Alert:
    return alert("latency", "service", "p95 is 1.4 s.", since=START, severity=severity, happened=happened)  # type: ignore[arg-type]


def failing(happened: dt.datetime) -> Alert:
    return alert("run_failed", "retrain", "It failed.", since=happened, happened=happened)


def known(seen: Alert, *, now: dt.datetime = START) -> Standing:
    return sighted(None, seen, now=now).standing


def test_the_first_sighting_is_told() -> None:
    folded = sighted(None, slow(), now=START)
    assert folded.notice is not None
    assert folded.notice.change == "new"


def test_a_repeated_sighting_is_counted_and_not_told() -> None:
    folded = sighted(known(slow()), slow(), now=START + MINUTE)
    assert folded.notice is None
    assert (folded.standing.count, folded.standing.folded) == (2, 1)


def test_what_gets_worse_is_told_at_once_and_only_once() -> None:
    worse = sighted(known(slow()), slow("critical"), now=START + MINUTE)
    assert worse.notice is not None
    assert worse.notice.change == "worse"
    assert sighted(worse.standing, slow("critical"), now=START + 2 * MINUTE).notice is None


def test_what_got_milder_is_not_told_as_worse_when_it_comes_back_to_what_was_told() -> None:
    bad = known(slow("critical"))
    milder = sighted(bad, slow("warning"), now=START + MINUTE)
    assert milder.notice is None
    assert sighted(milder.standing, slow("critical"), now=START + 2 * MINUTE).notice is None


def test_what_lasts_a_day_is_told_again_with_what_was_folded() -> None:
    standing = sighted(known(slow()), slow(), now=START + HOUR).standing
    reminded = sighted(standing, slow(), now=START + 24 * HOUR)
    assert reminded.notice is not None
    assert (reminded.notice.change, reminded.notice.folded) == ("lasting", 2)
    assert reminded.standing.folded == 0


def test_an_end_is_told_after_the_settling_time_with_when_it_really_ended() -> None:
    first = ended(known(slow()), Ended("latency", "service"), now=START + HOUR)
    assert first is not None
    assert first.notice is None
    last = ended(first.standing, Ended("latency", "service"), now=START + HOUR + 10 * MINUTE)
    assert last is not None
    assert last.notice is not None
    assert last.notice.change == "over"
    assert last.standing.over == START + HOUR
    assert not last.standing.open


def test_what_comes_and_goes_within_the_settling_time_sends_one_message() -> None:
    standing, notices = known(slow()), []
    for minute in range(1, 60):
        now = START + minute * MINUTE
        step = (
            sighted(standing, slow(), now=now) if minute % 5 else ended(standing, Ended("latency", "service"), now=now)
        )
        assert step is not None
        standing = step.standing
        notices.append(step.notice)
    assert not any(notices)


def test_what_comes_back_after_its_end_is_new() -> None:
    over = ended(known(failing(START)), Ended("run_failed", "retrain", START + HOUR), now=START + HOUR)
    assert over is not None
    again = sighted(over.standing, failing(START + 2 * HOUR), now=START + 2 * HOUR)
    assert again.notice is not None
    assert again.notice.change == "new"


def test_the_end_of_what_is_not_known_or_already_over_is_nothing() -> None:
    end = Ended("run_failed", "retrain", START + HOUR)
    assert ended(None, end, now=START + HOUR) is None
    over = ended(known(failing(START)), end, now=START + HOUR)
    assert over is not None
    assert ended(over.standing, end, now=START + 2 * HOUR) is None


def test_events_read_again_after_a_lost_cursor_change_nothing() -> None:
    """A failure and the success after it, read twice: the second reading must not open and close it again."""
    standing = known(failing(START))
    over = ended(standing, Ended("run_failed", "retrain", START + HOUR), now=START + HOUR)
    assert over is not None
    again = sighted(over.standing, failing(START), now=START + 3 * HOUR)
    assert again.notice is None
    assert again.standing == over.standing


def test_an_old_success_read_late_does_not_end_a_newer_failure() -> None:
    assert ended(known(failing(START)), Ended("run_failed", "retrain", START - HOUR), now=START + HOUR) is None


def test_a_clock_that_was_set_back_neither_mutes_nor_prolongs() -> None:
    before = START - 48 * HOUR
    assert sighted(known(slow()), slow(), now=before).notice is not None
    step = ended(known(slow()), Ended("latency", "service"), now=START)
    assert step is not None
    step = ended(step.standing, Ended("latency", "service"), now=before)
    assert step is not None
    assert step.standing.absent_since == before


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=60))
def test_every_alert_that_is_told_is_told_over_before_it_is_told_new_again(steps: list[tuple[bool, int]]) -> None:
    standing: Standing | None = None
    told: list[Notice] = []
    now = START
    for there, minutes in steps:
        now += minutes * MINUTE
        step = sighted(standing, slow(), now=now) if there else ended(standing, Ended("latency", "service"), now=now)
        if step is not None:
            standing = step.standing
            told += [step.notice] if step.notice else []
    changes = [notice.change for notice in told if notice.change in ("new", "over")]
    assert changes == ["new", "over"] * (len(changes) // 2) + ["new"] * (len(changes) % 2)
    # Nothing that was seen is lost: each sighting is told or counted.
    assert standing is None or standing.count >= 1


def test_the_table_of_kinds_is_sound() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.means.endswith(".") and kind.ends.endswith(".") for kind in KINDS)


def test_a_kind_outside_the_table_is_refused() -> None:
    with pytest.raises(KeyError):
        alert("gossip", "x", "y", since=START)


def test_the_worst_severity_counts() -> None:
    assert worst(("warning", "critical", "error")) == "critical"
