"""The metrics of both tasks, with intervals over participants. Curves are in `core.metrics.curves`.

`attack_draws` and `severity_draws` keep the replicates, so that models and baselines scored on the same rows
can be compared in pairs; `score_attack` and `score_severity` give the intervals alone. Data that cannot carry a
metric (one class, a NaN among the predictions) give NaN, never an exception: a report must still be written.
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
    """Every metric of `ATTACK_METRICS` with its 95 % interval over participants.

    `y` 0/1 [n], `p` probabilities [n], `participant` codes [n]; an attack is announced where p >= threshold.
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
    """Every metric of `SEVERITY_METRICS` with its 95 % interval; arrays [n] in the target's unit."""
    return intervals(severity_draws(y, prediction, resample(participant, replicates=replicates, seed=seed)))


def intervals(draws: Mapping[str, Draws]) -> dict[str, Interval]:
    """The interval of each metric."""
    return {name: draw.interval() for name, draw in draws.items()}


def attack_draws(y: ArrayLike, p: ArrayLike, draw: Resample, *, threshold: float) -> dict[str, Draws]:
    """Every metric of `ATTACK_METRICS` on the data and in each replicate; arrays as for `score_attack`."""
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not _usable(truth, score):
        return dict.fromkeys(ATTACK_METRICS, undefined(draw.replicates))
    found = dict(zip(("roc_auc", "pr_auc"), rank_areas(truth, score, draw), strict=True))
    found |= _counted(truth, score, draw, threshold=threshold)
    found["calibration_intercept"], found["calibration_slope"] = recalibration(truth, score, draw)
    found["within_person_auc"] = within_person_area(truth, score, draw)
    return {name: found[name] for name in ATTACK_METRICS}


def severity_draws(y: ArrayLike, prediction: ArrayLike, draw: Resample) -> dict[str, Draws]:
    """Every metric of `SEVERITY_METRICS`; R2 is 0 for the mean of the rows scored."""
    truth, guess = np.asarray(y, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if not _usable(truth, guess):
        return dict.fromkeys(SEVERITY_METRICS, undefined(draw.replicates))
    # Centred first, so that the sum of squares loses no digits.
    centred, error = truth - truth.mean(), guess - truth
    columns = np.column_stack([np.ones(truth.size), error**2, np.abs(error), centred, centred**2])
    return _from_sums(_severity_metrics, draw.sums(columns))


def _usable(truth: Floats, score: Floats) -> bool:
    return bool(truth.size and np.isfinite(truth).all() and np.isfinite(score).all())


def _counted(truth: Floats, score: Floats, draw: Resample, *, threshold: float) -> dict[str, Draws]:
    announced = (score >= threshold).astype(np.float64)
    columns = np.column_stack([np.ones(truth.size), truth * announced, announced, truth, (score - truth) ** 2])
    return _from_sums(_threshold_metrics, draw.sums(columns))


def _threshold_metrics(sums: Floats) -> dict[str, Floats]:
    """From sums [R, 5] of ones, true positives, announced, attacks, squared errors."""
    rows, hits, announced, attacks, squares = sums.T
    return {
        "accuracy": ratio(rows - announced - attacks + 2 * hits, rows),
        "precision": ratio(hits, announced),
        "recall": ratio(hits, attacks),
        "f1": ratio(2 * hits, announced + attacks),
        "brier": ratio(squares, rows),
    }


def _severity_metrics(sums: Floats) -> dict[str, Floats]:
    """From sums [R, 5] of ones, squared errors, absolute errors, the centred target and its squares."""
    rows, squares, absolutes, first, second = sums.T
    mse = ratio(squares, rows)
    spread = second - ratio(first**2, rows)
    # Equal targets have no spread to explain, but for rounding.
    spread = np.where(spread > 1e-12 * np.maximum(1.0, second), spread, 0.0)
    return {"mse": mse, "rmse": np.sqrt(mse), "mae": ratio(absolutes, rows), "r2": 1 - ratio(squares, spread)}


def _from_sums(metrics: _Metrics, sums: tuple[Floats, Floats]) -> dict[str, Draws]:
    values, replicates = metrics(sums[0][None, :]), metrics(sums[1])
    return {name: Draws(float(value[0]), replicates[name]) for name, value in values.items()}
