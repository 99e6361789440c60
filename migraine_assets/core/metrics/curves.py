"""Curves of a classifier as arrays: ROC, precision-recall and decision curve, and the confusion matrix.

Every function takes outcomes `y` 0/1 [n] and probabilities `p` [n]. Curves are thinned to at most `POINTS` points. A
curve is empty if there are no rows, or if it needs both classes and there is only one. Not here: summary metrics
(`core.metrics.metrics`), the calibration curve (`core.metrics.reliability`), plots (`report.plots`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.bootstrap import Floats, ratio

POINTS = 200


@dataclass(frozen=True)
class RocCurve:
    """False and true positive rates if attacks are predicted for p >= `threshold`; thresholds descend."""

    false_positive_rate: Floats
    true_positive_rate: Floats
    threshold: Floats


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Precision and recall if attacks are predicted for p >= `threshold`; thresholds descend."""

    recall: Floats
    precision: Floats
    threshold: Floats
    base_rate: float


@dataclass(frozen=True)
class DecisionCurve:
    """The net benefit per row of treating by the model and of treating everyone; that of treating no one is 0.

    It is TP/n - FP/n * t / (1 - t) at threshold t (Vickers & Elkin 2006, Med Decis Making 26:565).
    """

    threshold: Floats
    model: Floats
    treat_all: Floats


@dataclass(frozen=True)
class ConfusionMatrix:
    """The numbers of rows by prediction (p >= `threshold`) and outcome."""

    threshold: float
    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int


@dataclass(frozen=True)
class Cumulative:
    """The numbers of attacks (`hits`) and other rows (`alarms`) with p >= `score`, for each distinct score."""

    score: Floats
    hits: Floats
    alarms: Floats


def cumulative(y: ArrayLike, p: ArrayLike) -> Cumulative:
    """Count attacks and other rows at or above each distinct score."""
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    order = np.argsort(-score, kind="stable")
    truth, score = truth[order], score[order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)[: score.size])
    hits = np.cumsum(truth)[last]
    return Cumulative(score[last], hits, last + 1 - hits)


def roc_curve(y: ArrayLike, p: ArrayLike) -> RocCurve:
    """Return the ROC curve from (0, 0) to (1, 1), at most `POINTS` points."""
    at = cumulative(y, p)
    if not _both(at):
        return RocCurve(np.empty(0), np.empty(0), np.empty(0))
    alarms, hits = np.append(0, at.alarms / at.alarms[-1]), np.append(0, at.hits / at.hits[-1])
    keep = _thin(alarms, hits)
    return RocCurve(alarms[keep], hits[keep], np.append(np.inf, at.score)[keep])


def precision_recall_curve(y: ArrayLike, p: ArrayLike) -> PrecisionRecallCurve:
    """Return the precision-recall curve from the highest score to recall 1, at most `POINTS` points."""
    at = cumulative(y, p)
    if not _both(at):
        return PrecisionRecallCurve(np.empty(0), np.empty(0), np.empty(0), np.nan)
    recall, precision = at.hits / at.hits[-1], at.hits / (at.hits + at.alarms)
    keep = _thin(recall, precision)
    base_rate = float(at.hits[-1] / (at.hits[-1] + at.alarms[-1]))
    return PrecisionRecallCurve(recall[keep], precision[keep], at.score[keep], base_rate)


def decision_curve(y: ArrayLike, p: ArrayLike) -> DecisionCurve:
    """Return the net benefit at thresholds 0.01, 0.02 .. 0.99."""
    threshold = np.arange(1, 100) / 100
    at = cumulative(y, p)
    rows = at.hits[-1] + at.alarms[-1] if at.hits.size else 0
    # The number of distinct scores at or above the threshold; scores descend.
    above = np.searchsorted(-at.score, -threshold, side="right")
    hits, alarms = np.append(0, at.hits)[above], np.append(0, at.alarms)[above]
    odds = threshold / (1 - threshold)
    total_hits, total_alarms = (at.hits[-1], at.alarms[-1]) if at.hits.size else (0, 0)
    treat_all = ratio(total_hits - total_alarms * odds, rows)
    return DecisionCurve(threshold, ratio(hits - alarms * odds, rows), treat_all)


def confusion_matrix(y: ArrayLike, p: ArrayLike, *, threshold: float) -> ConfusionMatrix:
    """Count true and false positives and negatives at one threshold."""
    truth = np.asarray(y, dtype=np.float64) == 1
    warnings = np.asarray(p, dtype=np.float64) >= threshold
    counts = np.bincount(2 * truth + warnings, minlength=4)
    return ConfusionMatrix(threshold, *(int(count) for count in counts))


def _both(at: Cumulative) -> bool:
    return bool(at.hits.size and at.hits[-1] > 0 and at.alarms[-1] > 0)


def _thin(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the indices of at most `POINTS` points, evenly spaced along the curve, including both ends."""
    if x.size <= POINTS:
        return np.arange(x.size)
    length = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    indices = np.searchsorted(length, np.linspace(0, length[-1], POINTS))
    indices[[0, -1]] = 0, x.size - 1
    return np.unique(indices)
