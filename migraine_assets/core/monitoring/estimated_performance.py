"""Estimated performance of a model, computed from calibrated probabilities before outcomes are known.

Confidence-based performance estimation uses that calibrated probabilities state how often they are right (Garg et al.
2022, arXiv 2201.04234; NannyML calls it CBPE). It cannot detect a changed relation between inputs and attacks. Realized
performance can, and every estimate is compared with it later. Not here: verdicts and realized performance
(`core.monitoring.performance`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from migraine_assets.core.metrics.bootstrap import REPLICATES, SEED, Draws, Floats, Resample, ratio, resample
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.metrics.metrics import intervals

METRICS = ("roc_auc", "accuracy", "precision", "recall", "f1", "brier", "attack_rate")


def estimated_metrics(
    p: ArrayLike, participant: ArrayLike, *, threshold: float, replicates: int = REPLICATES, seed: int = SEED
) -> Mapping[str, Interval]:
    """Estimate each of `METRICS` from calibrated probabilities `p` [n], with 95 % intervals over participants.

    An attack is predicted if p >= `threshold`.
    """
    score = np.asarray(p, dtype=np.float64)
    draw = resample(participant, replicates=replicates, seed=seed)
    threshold_metrics = _threshold_metrics(score, draw, threshold=threshold)
    return {"roc_auc": _area(score, draw).interval(), **intervals(threshold_metrics)}


def _threshold_metrics(p: Floats, draw: Resample, *, threshold: float) -> dict[str, Draws]:
    predicted = (p >= threshold).astype(np.float64)
    columns = np.column_stack([np.ones(p.size), p * predicted, predicted, p, p * (1 - p)])
    whole, each = draw.sums(columns)
    value, replicates = _ratios(whole[None, :]), _ratios(each)
    return {name: Draws(float(value[name][0]), replicates[name]) for name in value}


def _ratios(sums: Floats) -> dict[str, Floats]:
    """Compute metrics from sums [R, 5]: ones, expected hits, predicted, expected attacks, expected squared errors."""
    rows, hits, predicted, attacks, squares = sums.T
    return {
        "accuracy": ratio(rows - predicted - attacks + 2 * hits, rows),
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, attacks),
        "f1": ratio(2 * hits, predicted + attacks),
        "brier": ratio(squares, rows),
        "attack_rate": ratio(attacks, rows),
    }


def _area(p: Floats, draw: Resample) -> Draws:
    """Return the expected ROC-AUC: the expected share of pairs that are ranked correctly, with ties as half."""
    values, position = np.unique(p, return_inverse=True)
    value = _area_of(values, np.bincount(position, minlength=values.size).astype(np.float64))
    replicates = np.empty(draw.replicates)
    for k, weights in enumerate(draw.weights):
        times = np.bincount(position, weights[draw.group].astype(np.float64), values.size)
        replicates[k] = _area_of(values, times.astype(np.float64))
    return Draws(value, replicates)


def _area_of(values: Floats, times: Floats) -> float:
    """Return the expected ROC-AUC of distinct ascending probabilities `values`; `times` are their numbers of rows."""
    attack, none = values * times, (1 - values) * times
    pairs = float(attack.sum() * none.sum())
    if not pairs:
        return float("nan")
    below = np.cumsum(none) - none
    return float((attack * (below + none / 2)).sum() / pairs)
