"""Whether a model still does what it did on its own test: realised, once outcomes are known, and estimated before.

Here belong limits and verdicts. Not here: metrics (`core.metrics.metrics`), the estimate itself (`estimate`).
"""

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from migraine_assets.core.metrics.interval import Interval, Scores, interval_from_json
from migraine_assets.core.metrics.metrics import score_attack, score_severity
from migraine_assets.core.monitoring.estimated_performance import estimated_metrics
from migraine_assets.core.monitoring.verdict import Verdict, worst
from migraine_assets.core.tasks import Task


@dataclass(frozen=True)
class PerformanceLimits:
    """`drop`: of accuracy or ROC-AUC. `error_growth`: of the RMSE, as a share. `intercept`: of the recalibration, from
    0; `slope`, from 1. `least_rows`, `least_people`, `least_attacks`: below, nothing is said.
    """

    drop: float = 0.05
    error_growth: float = 0.1
    intercept: float = 0.5
    slope: float = 0.5
    least_rows: int = 50
    least_people: int = 10
    least_attacks: int = 10


@dataclass(frozen=True)
class Performance:
    """Metrics of a window with intervals over participants. `pending`: predictions whose outcome is not due or not
    known.
    """

    verdict: Verdict
    metrics: Scores
    rows: int
    participants: int
    pending: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        figures = {name: interval.to_json() for name, interval in self.metrics.items()}
        counts = {"rows": self.rows, "participants": self.participants, "pending": self.pending}
        return {**self.verdict.to_json(), **counts, "metrics": figures}


@dataclass(frozen=True)
class Comparison:
    """An estimate beside what came true. `held`: whether the two intervals meet."""

    estimated: Interval
    realised: Interval
    held: bool


def mature(for_day: dt.date, *, today: dt.date, delay_days: int) -> bool:
    """Whether the outcome of `for_day` is due: people tell it up to `delay_days` later."""
    return for_day + dt.timedelta(days=delay_days) < today


def realised(
    task: Task,
    y: ArrayLike,
    prediction: ArrayLike,
    participant: ArrayLike,
    *,
    reference: Scores,
    threshold: float,
    pending: int = 0,
    limits: PerformanceLimits | None = None,
) -> Performance:
    """Outcomes `y` [n] that are due against what was predicted for them, and against the model's own test figures.

    `reference`: the metrics of the same model on its test participants (or cross-validated).
    """
    limits = limits or PerformanceLimits()
    truth, people = np.asarray(y, dtype=np.float64), int(np.unique(participant).size)
    if too_little := _too_little(task, truth, people, limits):
        return Performance(too_little, {}, truth.size, people, pending)
    metrics = (
        score_attack(truth, prediction, participant, threshold=threshold)
        if task == "attack"
        else score_severity(truth, prediction, participant)
    )
    verdict = worst([Verdict("none", ("As on its own test.",)), *_judged(task, metrics, reference, limits)])
    return Performance(verdict, metrics, truth.size, people, pending)


def estimated(
    p: ArrayLike,
    participant: ArrayLike,
    *,
    threshold: float,
    reference: Scores,
    limits: PerformanceLimits | None = None,
) -> Performance:
    """What calibrated probabilities `p` [n] promise of the window. Never more alarming than "suspected": it is no
    observation.
    """
    limits = limits or PerformanceLimits()
    score, people = np.asarray(p, dtype=np.float64), int(np.unique(participant).size)
    if score.size < limits.least_rows or people < limits.least_people:
        return Performance(_few(score.size, people, limits), {}, score.size, people)
    metrics = estimated_metrics(score, participant, threshold=threshold)
    found = [_drop(name, metrics, reference, limits) for name in ("roc_auc", "accuracy")]
    alarms = [Verdict("suspected", v.reasons) if v.alarms else v for v in found if v is not None]
    return Performance(worst([Verdict("none", ("As on its own test.",)), *alarms]), metrics, score.size, people)


def held_against(before: Scores, after: Scores) -> dict[str, Comparison]:
    """Each metric that was estimated and has been realised since."""
    both = [name for name in before if name in after and before[name].bounded and after[name].bounded]
    return {name: Comparison(before[name], after[name], _meet(before[name], after[name])) for name in both}


def _meet(one: Interval, other: Interval) -> bool:
    return one.ci_low <= other.ci_high and other.ci_low <= one.ci_high


def _too_little(task: Task, y: Any, people: int, limits: PerformanceLimits) -> Verdict | None:
    if y.size < limits.least_rows or people < limits.least_people:
        return _few(y.size, people, limits)
    if task == "attack" and min(y.sum(), y.size - y.sum()) < limits.least_attacks:
        text = f"{int(y.sum())} attacks on {y.size} days; at least {limits.least_attacks} of both kinds are needed."
        return Verdict("too little data", (text,))
    return None


def _few(rows: int, people: int, limits: PerformanceLimits) -> Verdict:
    text = (
        f"{rows} outcomes of {people} participants; at least {limits.least_rows} of {limits.least_people} are needed."
    )
    return Verdict("too little data", (text,))


def _judged(task: Task, metrics: Scores, reference: Scores, limits: PerformanceLimits) -> Iterator[Verdict]:
    found: Sequence[Verdict | None]
    if task == "attack":
        drops = [_drop(name, metrics, reference, limits) for name in ("roc_auc", "accuracy")]
        found = [*drops, *_calibration(metrics, limits)]
    else:
        found = [_growth(metrics, reference, limits)]
    yield from (verdict for verdict in found if verdict is not None)


_TITLES = {"roc_auc": "ROC-AUC", "accuracy": "Accuracy"}


def _drop(name: str, metrics: Scores, reference: Scores, limits: PerformanceLimits) -> Verdict | None:
    """A drop beyond the limit: certain where its interval lies above 0."""
    if name not in reference or name not in metrics:
        return None
    before, now = reference[name], metrics[name]
    drop = before.value - now.value
    if not drop > limits.drop:
        return None
    reason = f"{_TITLES[name]} {now} against {before} on the model's own test: a drop of {drop:.3f}."
    return Verdict("degraded" if drop > _noise(before, now) else "suspected", (reason,))


def _growth(metrics: Scores, reference: Scores, limits: PerformanceLimits) -> Verdict | None:
    if "rmse" not in reference:
        return None
    before, now = reference["rmse"], metrics["rmse"]
    growth = now.value - before.value
    if not growth > limits.error_growth * before.value:
        return None
    reason = f"RMSE {now} against {before} on the model's own test: {growth / before.value:.0%} more."
    return Verdict("degraded" if growth > _noise(before, now) else "suspected", (reason,))


def _noise(before: Interval, now: Interval) -> float:
    """The half-width of the interval of the difference of two independent figures, at 99.7 %: three are judged, every
    day.
    """
    widths = [(x.ci_high - x.ci_low) / 2 if x.bounded else math.inf for x in (before, now)]
    return 1.5 * math.hypot(*widths)


def _calibration(metrics: Scores, limits: PerformanceLimits) -> Iterable[Verdict]:
    intercept, slope = metrics["calibration_intercept"], metrics["calibration_slope"]
    if abs(intercept.value) > limits.intercept:
        side = "too low" if intercept.value > 0 else "too high"
        yield _off(intercept, 0.0, f"Probabilities are {side}: calibration intercept {intercept}.")
    if abs(slope.value - 1) > limits.slope:
        side = "too extreme" if slope.value < 1 else "too timid"
        yield _off(slope, 1.0, f"Probabilities are {side}: calibration slope {slope}.")


def _off(found: Interval, ideal: float, reason: str) -> Verdict:
    certain = found.bounded and abs(found.value - ideal) > 1.5 * (found.ci_high - found.ci_low) / 2
    return Verdict("degraded" if certain else "suspected", (reason,))


def metrics_from(figures: Mapping[str, Mapping[str, float | None]]) -> Scores:
    """The metrics of a manifest or of a stored result."""
    return {name: interval_from_json(found) for name, found in figures.items()}
