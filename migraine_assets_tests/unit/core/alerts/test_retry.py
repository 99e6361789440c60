"""Undelivered messages are sent again after increasing delays, and dropped after a week."""

import datetime as dt

from migraine_assets.core.alerts.retry import LONGEST_WAIT_SECONDS, Pending, failed, is_due

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)


def test_the_wait_doubles_up_to_an_hour() -> None:
    pending, now, waits = Pending(START, START), START, []
    for _ in range(10):
        pending = failed(pending, "503", now=now)
        waits.append((pending.due - now).total_seconds())
        now = pending.due
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert pending.attempts == 10
    assert pending.problem == "503"


def test_a_message_is_due_at_its_time_and_not_before() -> None:
    pending = failed(Pending(START, START), "503", now=START)
    assert is_due(Pending(START, START), now=START)
    assert not is_due(pending, now=START + dt.timedelta(seconds=29))
    assert is_due(pending, now=START + dt.timedelta(seconds=30))


def test_after_a_week_a_message_is_given_up() -> None:
    pending = failed(Pending(START, START), "503", now=START + WEEK)
    assert pending.given_up
    assert not is_due(pending, now=START + 2 * WEEK)


def test_a_clock_that_was_far_ahead_does_not_hold_a_message_back_for_years() -> None:
    ahead = START + dt.timedelta(days=900)
    pending = failed(Pending(START, START), "503", now=ahead)
    assert is_due(Pending(START, due=pending.due), now=START)
    assert LONGEST_WAIT_SECONDS == 3600
