"""The verdicts of monitoring: statuses, their order, and their reasons.

Not here: the limits that lead to a status (`core.monitoring.drift.task_drift`, `core.monitoring.performance`).
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

Status = Literal["too little data", "none", "suspected", "drift", "degraded"]

# From the least to the most alarming. "Too little data" carries no information, so it is the lowest.
_ORDER: tuple[Status, ...] = ("too little data", "none", "suspected", "drift", "degraded")
ALARMS: frozenset[Status] = frozenset(("drift", "degraded"))


class Verdict(msgspec.Struct, frozen=True):
    """A status and the sentences that explain it. Results with a status inherit from this struct."""

    status: Status
    reasons: tuple[str, ...] = ()

    @property
    def alarms(self) -> bool:
        """Whether a person or a retraining should act on the status."""
        return self.status in ALARMS


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the most alarming status of `verdicts`, with the reasons of all verdicts that share it."""
    candidates = tuple(verdicts)
    if not candidates:
        return Verdict("too little data", ("Nothing was examined.",))
    status = max((verdict.status for verdict in candidates), key=_ORDER.index)
    return Verdict(status, tuple(reason for v in candidates if v.status == status for reason in v.reasons))
