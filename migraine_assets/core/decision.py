"""A decision with its reasons and the figures that it rests on, so that it can be recorded and read."""

from dataclasses import dataclass, field
from typing import Any, Literal

from migraine_assets.core.interval import Interval

Outcome = Literal["first", "accepted", "refused", "unchanged"]


@dataclass(frozen=True)
class Decision:
    """Whether a model takes a place, how it came about, and why.

    `outcome`: "first" where there was nothing to beat, "unchanged" where the same bundle holds the place
    already (not accepted: there is nothing to do). `figures`: intervals by what they measure.
    """

    accepted: bool
    outcome: Outcome
    reasons: tuple[str, ...]
    figures: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a promotion record."""
        figures = {name: interval.to_json() for name, interval in self.figures.items()}
        return {
            "accepted": self.accepted,
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "figures": figures,
        }
