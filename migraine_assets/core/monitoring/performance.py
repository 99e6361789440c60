"""Verdicts on a model's performance compared with its own test: realized, or estimated before outcomes are known.

Not here: metrics (`core.metrics.metrics`), the estimate (`core.monitoring.estimated_performance`), limits
(`core.monitoring.limits`), the result's structs (`core.monitoring.performance_result`).
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.interval import Interval, Scores, interval_record
from migraine_assets.core.metrics.metrics import score_attack, score_severity
from migraine_assets.core.monitoring.estimated_performance import estimated_metrics
from migraine_assets.core.monitoring.limits import PerformanceLimits
from migraine_assets.core.monitoring.performance_result import Comparison, Performance, metric_records
from migraine_assets.core.monitoring.verdict import Verdict, worst
from migraine_assets.core.tasks import Task

UNCHANGED = Verdict("none", ("As on its own test.",))
# Number of half-widths of a 95 % interval that make a 99.7 % interval, because three metrics are judged every day.
CAUTION = 1.5


def realized_performance(
    task: Task,
    y: ArrayLike,
    prediction: ArrayLike,
    participant: ArrayLike,
    *,
    reference: Scores,
    threshold: float,
    pending: int = 0,
    limits: PerformanceLimits | None = None,
    unit: str = "participants",
) -> Performance:
    """Compute the metrics of predictions [n] with outcomes `y` [n], and compare them with `reference`.

    `reference`: metrics of the same model on its test participants, or cross-validated. `unit`: what `participant`
    holds; of one person it is weeks, and the ROC-AUC is the one within a person.
    """
    limits = limits or PerformanceLimits()
    truth, participants = np.asarray(y, dtype=np.float64), int(np.unique(participant).size)
    if too_little := _too_little(task, truth, participants, limits, unit):
        return _performance(too_little, {}, rows=truth.size, participants=participants, pending=pending)
    metrics = (
        score_attack(truth, prediction, participant, threshold=threshold)
        if task == "attack"
        else score_severity(truth, prediction, participant)
    )
    if unit == "weeks" and "roc_auc" in metrics:
        metrics = {**metrics, "within_person_auc": metrics["roc_auc"]}
    verdict = worst([UNCHANGED, *_alarms(task, metrics, reference, limits)])
    return _performance(verdict, metrics, rows=truth.size, participants=participants, pending=pending)


def estimated_performance(
    p: ArrayLike,
    participant: ArrayLike,
    *,
    threshold: float,
    reference: Scores,
    limits: PerformanceLimits | None = None,
    unit: str = "participants",
) -> Performance:
    """Estimate the metrics of a window from calibrated probabilities `p` [n].

    The status is at most "suspected", because an estimate is not an observation.
    """
    limits = limits or PerformanceLimits()
    score, participants = np.asarray(p, dtype=np.float64), int(np.unique(participant).size)
    if score.size < limits.least_rows or participants < limits.least_people:
        return _performance(
            _few(score.size, participants, limits, unit), {}, rows=score.size, participants=participants
        )
    metrics = estimated_metrics(score, participant, threshold=threshold)
    drops = [_drop(name, metrics, reference, limits) for name in ("roc_auc", "accuracy")]
    alarms = [Verdict("suspected", v.reasons) if v.alarms else v for v in drops if v is not None]
    return _performance(worst([UNCHANGED, *alarms]), metrics, rows=score.size, participants=participants)


def compare_estimate(estimated: Scores, realized: Scores) -> dict[str, Comparison]:
    """Compare each estimated metric with its realized value."""
    both = [
        name for name, interval in estimated.items() if name in realized and interval.bounded and realized[name].bounded
    ]
    return {
        name: Comparison(
            interval_record(estimated[name]), interval_record(realized[name]), _overlap(estimated[name], realized[name])
        )
        for name in both
    }


def _performance(verdict: Verdict, metrics: Scores, *, rows: int, participants: int, pending: int = 0) -> Performance:
    return Performance(
        verdict.status,
        verdict.reasons,
        rows=rows,
        participants=participants,
        pending=pending,
        metrics=metric_records(metrics),
    )


def _overlap(one: Interval, other: Interval) -> bool:
    return one.ci_low <= other.ci_high and other.ci_low <= one.ci_high


def _too_little(
    task: Task, y: NDArray[np.float64], participants: int, limits: PerformanceLimits, unit: str
) -> Verdict | None:
    if y.size < limits.least_rows or participants < limits.least_people:
        return _few(y.size, participants, limits, unit)
    if task == "attack" and min(y.sum(), y.size - y.sum()) < limits.least_attacks:
        text = (
            f"{int(y.sum())} attacks on {y.size} days; at least {limits.least_attacks} days with and without an attack "
            "are needed."
        )
        return Verdict("too little data", (text,))
    return None


def _few(rows: int, participants: int, limits: PerformanceLimits, unit: str) -> Verdict:
    text = (
        f"{rows} outcomes of {participants} {unit}; at least {limits.least_rows} outcomes of "
        f"{limits.least_people} {unit} are needed."
    )
    return Verdict("too little data", (text,))


def _alarms(task: Task, metrics: Scores, reference: Scores, limits: PerformanceLimits) -> Iterator[Verdict]:
    if task == "attack":
        drops = [_drop(name, metrics, reference, limits) for name in ("roc_auc", "accuracy")]
        yield from (verdict for verdict in drops if verdict is not None)
        yield from _calibration(metrics, limits)
    elif (growth := _growth(metrics, reference, limits)) is not None:
        yield growth


_TITLES = {"roc_auc": "ROC-AUC", "accuracy": "Accuracy"}


def _drop(name: str, metrics: Scores, reference: Scores, limits: PerformanceLimits) -> Verdict | None:
    """Return the verdict on a drop beyond the limit: "degraded" if chance does not explain it, else "suspected"."""
    if name not in reference or name not in metrics:
        return None
    before, now = reference[name], metrics[name]
    drop = before.value - now.value
    if not drop > limits.drop:
        return None
    reason = f"{_TITLES[name]} {now}, compared with {before} on the model's own test: a drop of {drop:.3f}."
    return Verdict("degraded" if drop > _noise(before, now) else "suspected", (reason,))


def _growth(metrics: Scores, reference: Scores, limits: PerformanceLimits) -> Verdict | None:
    if "rmse" not in reference:
        return None
    before, now = reference["rmse"], metrics["rmse"]
    growth = now.value - before.value
    if not growth > limits.error_growth * before.value:
        return None
    reason = f"RMSE {now}, compared with {before} on the model's own test: {growth / before.value:.0%} higher."
    return Verdict("degraded" if growth > _noise(before, now) else "suspected", (reason,))


def _noise(before: Interval, now: Interval) -> float:
    """Return the half-width of the 99.7 % interval of the difference of two independent estimates."""
    widths = [(x.ci_high - x.ci_low) / 2 if x.bounded else math.inf for x in (before, now)]
    return CAUTION * math.hypot(*widths)


def _calibration(metrics: Scores, limits: PerformanceLimits) -> Iterable[Verdict]:
    intercept, slope = metrics["calibration_intercept"], metrics["calibration_slope"]
    if abs(intercept.value) > limits.intercept:
        side = "too low" if intercept.value > 0 else "too high"
        yield _miscalibrated(intercept, 0.0, f"Probabilities are {side}: calibration intercept {intercept}.")
    if abs(slope.value - 1) > limits.slope:
        side = "too extreme" if slope.value < 1 else "too close to the mean"
        yield _miscalibrated(slope, 1.0, f"Probabilities are {side}: calibration slope {slope}.")


def _miscalibrated(estimate: Interval, ideal: float, reason: str) -> Verdict:
    half_width = (estimate.ci_high - estimate.ci_low) / 2
    certain = estimate.bounded and abs(estimate.value - ideal) > CAUTION * half_width
    return Verdict("degraded" if certain else "suspected", (reason,))
