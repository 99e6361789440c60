"""The rules of retries: when an undelivered message is sent again, and when it is given up.

Not here: sending (`stores.alerts.channels`) and storing undelivered messages (`stores.alerts.outbox`).
"""

import datetime as dt
from dataclasses import dataclass, replace

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 3600.0
GIVEN_UP_AFTER_DAYS = 7


@dataclass(frozen=True)
class Pending:
    """A message that one channel has not accepted yet. `problem`: why the last attempt failed."""

    made: dt.datetime
    due: dt.datetime
    attempts: int = 0
    problem: str = ""
    given_up: bool = False


def is_due(pending: Pending, *, now: dt.datetime) -> bool:
    """Return whether to send the message now.

    A message that is due later than the longest wait is sent at once, because the clock was set back.
    """
    far = now + dt.timedelta(seconds=LONGEST_WAIT_SECONDS)
    return not pending.given_up and (pending.due <= now or pending.due > far)


def failed(pending: Pending, problem: str, *, now: dt.datetime) -> Pending:
    """Record a failed attempt: double the wait (at most 1 h), and give up after a week."""
    wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(pending.attempts, 30), LONGEST_WAIT_SECONDS)
    return replace(
        pending,
        attempts=pending.attempts + 1,
        due=now + dt.timedelta(seconds=wait),
        problem=problem,
        given_up=now - pending.made >= dt.timedelta(days=GIVEN_UP_AFTER_DAYS),
    )
