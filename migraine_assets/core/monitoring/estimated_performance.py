"""How well a model probably does before anybody knows what came true.

Confidence-based performance estimation: if the probabilities are calibrated, they say themselves how often they will be
right (Garg et al. 2022, arXiv 2201.04234; NannyML calls it CBPE). A changed relation between inputs and attacks is
invisible to it: that is what realised performance is for, and each estimate is later held against it.
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
    """Each of `METRICS` as calibrated probabilities `p` [n] promise it, with its 95 % interval over participants.

    An attack is announced where p >= `threshold`.
    """
    score = np.asarray(p, dtype=np.float64)
    draw = resample(participant, replicates=replicates, seed=seed)
    counted = _counted(score, draw, threshold=threshold)
    return {"roc_auc": _area(score, draw).interval(), **intervals(counted)}


def _counted(p: Floats, draw: Resample, *, threshold: float) -> dict[str, Draws]:
    announced = (p >= threshold).astype(np.float64)
    columns = np.column_stack([np.ones(p.size), p * announced, announced, p, p * (1 - p)])
    whole, each = draw.sums(columns)
    value, replicates = _ratios(whole[None, :]), _ratios(each)
    return {name: Draws(float(value[name][0]), replicates[name]) for name in value}


def _ratios(sums: Floats) -> dict[str, Floats]:
    """From sums [R, 5] of ones, expected hits, announced, expected attacks, expected squared errors."""
    rows, hits, announced, attacks, squares = sums.T
    return {
        "accuracy": ratio(rows - announced - attacks + 2 * hits, rows),
        "precision": ratio(hits, announced),
        "recall": ratio(hits, attacks),
        "f1": ratio(2 * hits, announced + attacks),
        "brier": ratio(squares, rows),
        "attack_rate": ratio(attacks, rows),
    }


def _area(p: Floats, draw: Resample) -> Draws:
    """The expected ROC-AUC: the weight of pairs in which the likelier attack has the higher score, half of ties."""
    values, place = np.unique(p, return_inverse=True)
    value = _area_of(values, np.bincount(place, minlength=values.size).astype(np.float64))
    replicates = np.empty(draw.replicates)
    for k, weights in enumerate(draw.weights):
        times = np.bincount(place, weights[draw.group].astype(np.float64), values.size)
        replicates[k] = _area_of(values, times.astype(np.float64))
    return Draws(value, replicates)


def _area_of(values: Floats, times: Floats) -> float:
    """`values` ascending and each once, in `times` rows."""
    attack, none = values * times, (1 - values) * times
    pairs = float(attack.sum() * none.sum())
    if not pairs:
        return float("nan")
    below = np.cumsum(none) - none
    return float((attack * (below + none / 2)).sum() / pairs)
