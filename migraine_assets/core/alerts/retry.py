"""When a message that did not arrive is sent again, and when it is given up.

Not here: sending, and where what waits is kept (`stores.notifications`).
"""

import datetime as dt
from dataclasses import dataclass, replace

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 3600.0
GIVEN_UP_AFTER_DAYS = 7


@dataclass(frozen=True)
class Pending:
    """A message on its way to one channel. `problem`: why it did not arrive the last time."""

    made: dt.datetime
    due: dt.datetime
    attempts: int = 0
    problem: str = ""
    given_up: bool = False


def is_due(pending: Pending, *, now: dt.datetime) -> bool:
    """Whether it is to be tried now. After a clock that was set back nothing waits longer than the longest wait."""
    far = now + dt.timedelta(seconds=LONGEST_WAIT_SECONDS)
    return not pending.given_up and (pending.due <= now or pending.due > far)


def failed(pending: Pending, problem: str, *, now: dt.datetime) -> Pending:
    """After one more attempt in vain: the wait doubles up to an hour, and ends after a week."""
    wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(pending.attempts, 30), LONGEST_WAIT_SECONDS)
    return replace(
        pending,
        attempts=pending.attempts + 1,
        due=now + dt.timedelta(seconds=wait),
        problem=problem,
        given_up=now - pending.made >= dt.timedelta(days=GIVEN_UP_AFTER_DAYS),
    )
