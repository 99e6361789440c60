"""The metrics of both tasks, with intervals over participants.

`attack_draws` and `severity_draws` return the replicates, so that models and baselines that are scored on the same rows
can be compared in pairs. `score_attack` and `score_severity` return intervals. A metric that is undefined (only one
class, a NaN prediction) is NaN and raises no exception, so that a report can still be written. Not here: curves
(`core.metrics.curves`).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from migraine_assets.core.metrics.bootstrap import REPLICATES, SEED, Draws, Floats, Resample, ratio, resample, undefined
from migraine_assets.core.metrics.calibration_metrics import recalibration
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.metrics.rank_metrics import rank_areas, within_person_area

ATTACK_METRICS = (
    "roc_auc",
    "pr_auc",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "brier",
    "calibration_slope",
    "calibration_intercept",
    "within_person_auc",
)
SEVERITY_METRICS = ("mse", "rmse", "mae", "r2")

_Metrics = Callable[[Floats], dict[str, Floats]]


def score_attack(
    y: ArrayLike,
    p: ArrayLike,
    participant: ArrayLike,
    *,
    threshold: float,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> dict[str, Interval]:
    """Return all of `ATTACK_METRICS` with 95 % intervals over participants.

    `y` 0/1 [n], `p` probabilities [n], `participant` codes [n]; an attack is predicted if p >= threshold.
    """
    return intervals(attack_draws(y, p, resample(participant, replicates=replicates, seed=seed), threshold=threshold))


def score_severity(
    y: ArrayLike,
    prediction: ArrayLike,
    participant: ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> dict[str, Interval]:
    """Return all of `SEVERITY_METRICS` with 95 % intervals over participants; arrays [n] in the unit of the target."""
    return intervals(severity_draws(y, prediction, resample(participant, replicates=replicates, seed=seed)))


def intervals(draws: Mapping[str, Draws]) -> dict[str, Interval]:
    """Return the interval of each metric."""
    return {name: draw.interval() for name, draw in draws.items()}


def attack_draws(y: ArrayLike, p: ArrayLike, draw: Resample, *, threshold: float) -> dict[str, Draws]:
    """Return all of `ATTACK_METRICS`, on the data and in each replicate; arrays as in `score_attack`."""
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not _usable(truth, score):
        return dict.fromkeys(ATTACK_METRICS, undefined(draw.replicates))
    draws = dict(zip(("roc_auc", "pr_auc"), rank_areas(truth, score, draw), strict=True))
    draws |= _at_threshold(truth, score, draw, threshold=threshold)
    draws["calibration_intercept"], draws["calibration_slope"] = recalibration(truth, score, draw)
    draws["within_person_auc"] = within_person_area(truth, score, draw)
    return {name: draws[name] for name in ATTACK_METRICS}


def severity_draws(y: ArrayLike, prediction: ArrayLike, draw: Resample) -> dict[str, Draws]:
    """Return all of `SEVERITY_METRICS`, on the data and in each replicate.

    R2 is relative to the mean of the scored rows.
    """
    truth, predicted = np.asarray(y, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if not _usable(truth, predicted):
        return dict.fromkeys(SEVERITY_METRICS, undefined(draw.replicates))
    # Center the target first, so that the sum of squares is accurate.
    centered, error = truth - truth.mean(), predicted - truth
    columns = np.column_stack([np.ones(truth.size), error**2, np.abs(error), centered, centered**2])
    return _from_sums(_severity_metrics, draw.sums(columns))


def _usable(truth: Floats, score: Floats) -> bool:
    return bool(truth.size and np.isfinite(truth).all() and np.isfinite(score).all())


def _at_threshold(truth: Floats, score: Floats, draw: Resample, *, threshold: float) -> dict[str, Draws]:
    warnings = (score >= threshold).astype(np.float64)
    columns = np.column_stack([np.ones(truth.size), truth * warnings, warnings, truth, (score - truth) ** 2])
    return _from_sums(_threshold_metrics, draw.sums(columns))


def _threshold_metrics(sums: Floats) -> dict[str, Floats]:
    """Compute metrics from the sums [R, 5] of ones, true positives, warnings, attacks and squared errors."""
    rows, hits, warnings, attacks, squares = sums.T
    return {
        "accuracy": ratio(rows - warnings - attacks + 2 * hits, rows),
        "precision": ratio(hits, warnings),
        "recall": ratio(hits, attacks),
        "f1": ratio(2 * hits, warnings + attacks),
        "brier": ratio(squares, rows),
    }


def _severity_metrics(sums: Floats) -> dict[str, Floats]:
    """Compute metrics from the sums [R, 5] of ones, squared and absolute errors, the centered target and its square."""
    rows, squares, absolutes, first, second = sums.T
    mse = ratio(squares, rows)
    spread = second - ratio(first**2, rows)
    # The variance of equal targets is 0, apart from rounding errors.
    spread = np.where(spread > 1e-12 * np.maximum(1.0, second), spread, 0.0)
    return {"mse": mse, "rmse": np.sqrt(mse), "mae": ratio(absolutes, rows), "r2": 1 - ratio(squares, spread)}


def _from_sums(metrics: _Metrics, sums: tuple[Floats, Floats]) -> dict[str, Draws]:
    values, replicates = metrics(sums[0][None, :]), metrics(sums[1])
    return {name: Draws(float(value[0]), replicates[name]) for name, value in values.items()}
