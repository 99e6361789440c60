"""An estimate with its 95 % interval, and its JSON forms.

Not here: the computation of intervals (`core.metrics.bootstrap`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class Interval:
    """An estimate and the limits of its 95 % interval, in the unit of the estimate.

    NaN means that a value cannot be computed, for example the ROC-AUC of a single class or the interval for a single
    participant.
    """

    value: float
    ci_low: float = math.nan
    ci_high: float = math.nan

    @property
    def bounded(self) -> bool:
        """Whether both limits are known."""
        return math.isfinite(self.ci_low) and math.isfinite(self.ci_high)

    def to_json(self) -> dict[str, float | None]:
        """Return `value`, `ci_low` and `ci_high`, with None for a value that is not finite, since JSON has no NaN."""
        values = {"value": self.value, "ci_low": self.ci_low, "ci_high": self.ci_high}
        return {name: number if math.isfinite(number) else None for name, number in values.items()}

    def __str__(self) -> str:
        if not math.isfinite(self.value):
            return "unknown"
        return f"{self.value:.3f}" + (f" [{self.ci_low:.3f}, {self.ci_high:.3f}]" if self.bounded else "")


UNKNOWN = Interval(math.nan)

# The metrics of one model on one set of rows, by the name of the metric.
Scores = Mapping[str, Interval]


def interval_from_json(figures: Mapping[str, float | None]) -> Interval:
    """Return the interval that `Interval.to_json` wrote."""
    value, low, high = (figures[name] for name in ("value", "ci_low", "ci_high"))
    return Interval(*(math.nan if number is None else number for number in (value, low, high)))


class IntervalRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An interval in a JSON document, such as a manifest or a result. None stands for NaN, which JSON does not have."""

    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None

    @property
    def interval(self) -> Interval:
        """The interval, with NaN for None."""
        return Interval(*(math.nan if end is None else end for end in (self.value, self.ci_low, self.ci_high)))


def interval_record(interval: Interval) -> IntervalRecord:
    """Return the record of `interval`, with None for values that are not finite."""
    ends = (interval.value, interval.ci_low, interval.ci_high)
    return IntervalRecord(*(end if math.isfinite(end) else None for end in ends))
