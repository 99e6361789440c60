"""What monitoring says of something: a word with its reasons.

Here belong the words and their order. Not here: the limits that lead to them (`drift`, `performance`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["too little data", "none", "suspected", "drift", "degraded"]

# From the least to the most alarming. Too little data says nothing, so that anything else says more.
_ORDER: tuple[Status, ...] = ("too little data", "none", "suspected", "drift", "degraded")
ALARMS: frozenset[Status] = frozenset(("drift", "degraded"))


@dataclass(frozen=True)
class Verdict:
    """A status and why, in sentences."""

    status: Status
    reasons: tuple[str, ...] = ()

    @property
    def alarms(self) -> bool:
        """Whether somebody, or a retraining, should act on it."""
        return self.status in ALARMS

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"status": self.status, "reasons": list(self.reasons)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most alarming of `verdicts`, with the reasons of all that are as alarming."""
    found = tuple(verdicts)
    if not found:
        return Verdict("too little data", ("Nothing was looked at.",))
    status = max((verdict.status for verdict in found), key=_ORDER.index)
    return Verdict(status, tuple(reason for v in found if v.status == status for reason in v.reasons))
