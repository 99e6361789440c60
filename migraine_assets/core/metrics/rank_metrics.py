"""Rank metrics with replicates: ROC-AUC, PR-AUC and the within-person ROC-AUC.

They are exact, even with ties. Rows are sorted once, and each replicate needs only cumulative sums of weights. Not
here: metrics at a threshold (`core.metrics.metrics`), calibration (`core.metrics.calibration_metrics`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.metrics.bootstrap import Draws, Floats, Resample, ratio, undefined


@dataclass(frozen=True)
class _Sorted:
    """The participants of the attacks and of the other rows, in ascending order of score, and the rank of each attack.

    For each attack: `below` is the number of other rows with a smaller score, `upto` the number of other rows with a
    smaller or equal score, and `attacks_below` the number of attacks with a smaller score.
    """

    attacks: NDArray[np.int64]
    others: NDArray[np.int64]
    below: NDArray[np.int64]
    upto: NDArray[np.int64]
    attacks_below: NDArray[np.int64]


def _sort(y: Floats, p: Floats, group: NDArray[np.int64]) -> _Sorted:
    order = np.argsort(p, kind="stable")
    is_attack = y[order] == 1
    score, who = p[order], group[order]
    attacks, others = score[is_attack], score[~is_attack]
    below, upto = np.searchsorted(others, attacks, "left"), np.searchsorted(others, attacks, "right")
    return _Sorted(who[is_attack], who[~is_attack], below, upto, np.searchsorted(attacks, attacks, "left"))


def _areas(rows: _Sorted, weight: Floats) -> tuple[float, float]:
    """Return ROC-AUC and average precision; each row is weighted by its participant in `weight` float64[G]."""
    attacks = weight[rows.attacks]
    attacks_upto = np.concatenate([[0.0], np.cumsum(attacks)])
    others_upto = np.concatenate([[0.0], np.cumsum(weight[rows.others])])
    all_attacks, all_others = attacks_upto[-1], others_upto[-1]
    if all_attacks == 0 or all_others == 0:
        return np.nan, np.nan
    below = others_upto[rows.below]
    concordant = np.dot(attacks, below + others_upto[rows.upto]) / 2
    hits = all_attacks - attacks_upto[rows.attacks_below]
    # If no row with at least this score was drawn, the attack was not drawn either, and its term must be 0 and not 0/0.
    precision = hits / np.maximum(hits + (all_others - below), 1.0)
    return concordant / (all_attacks * all_others), float(np.dot(attacks, precision)) / all_attacks


def rank_areas(y: Floats, p: Floats, draw: Resample) -> tuple[Draws, Draws]:
    """Return the ROC-AUC and PR-AUC of scores `p` float64[n] for outcomes `y` 0/1 float64[n].

    The ROC-AUC is the share of (attack, other) pairs in which the attack has the greater score; ties count half. The
    PR-AUC is the average precision: the mean over attacks of the precision at their score, without interpolation.
    """
    rows = _sort(y, p, draw.group)
    if rows.attacks.size == 0 or rows.others.size == 0:
        return undefined(draw.replicates), undefined(draw.replicates)
    value = _areas(rows, np.ones(draw.participants))
    replicates = np.array([_areas(rows, w.astype(np.float64)) for w in draw.weights]).reshape(-1, 2)
    return Draws(value[0], replicates[:, 0]), Draws(value[1], replicates[:, 1])


def person_areas(y: Floats, p: Floats, draw: Resample) -> tuple[Floats, Floats]:
    """Return the ROC-AUC of each of the G participants of `draw`, float64[G], and its weight, float64[G].

    `y` float64[n] holds the labels 0 and 1, `p` float64[n] the scores. The ROC-AUC is NaN if the participant has only
    one class. Ranks are mid-ranks within the participant (Mann-Whitney).

    With `a` attack days and `b` other days, the weight is a b / (a + b + 1), which is proportional to the inverse
    variance of an uninformative AUC (van Elteren 1960). A diary with one attack has a small weight, and a long diary
    does not dominate as it would with a weight of a b.
    """
    group, size = draw.group, draw.participants
    order = np.lexsort((p, group))
    attack, who = y[order] == 1, group[order]
    rank = _mid_ranks(p[order], who)
    attacks = np.bincount(who[attack], minlength=size).astype(np.float64)
    others = np.bincount(who, minlength=size) - attacks
    concordant = np.bincount(who[attack], rank[attack], size) - attacks * (attacks + 1) / 2
    return ratio(concordant, attacks * others), attacks * others / (attacks + others + 1)


def _mid_ranks(score: Floats, who: NDArray[np.int64]) -> Floats:
    """Return ranks from 1 within each participant, mean ranks for ties. Arrays are sorted by `who`, then `score`."""
    new_participant = np.concatenate([[True], who[1:] != who[:-1]])
    new_value = new_participant | np.concatenate([[True], score[1:] != score[:-1]])
    index = np.arange(score.size)
    start = np.flatnonzero(new_value)
    end = np.concatenate([start[1:], [score.size]])
    middle: Floats = ((start + end - 1) / 2)[np.cumsum(new_value) - 1]
    first: Floats = np.maximum.accumulate(np.where(new_participant, index, 0)).astype(np.float64)
    within: Floats = middle - first + 1
    return within


def within_person_area(y: Floats, p: Floats, draw: Resample) -> Draws:
    """Return the weighted mean of the participants' ROC-AUCs, which measures how days within a participant are ranked.

    Only participants with both classes count. The metric is undefined if there are none.
    """
    area, weight = person_areas(y, p, draw)
    terms = np.column_stack([np.where(weight > 0, area, 0.0) * weight, weight])
    total, drawn = terms.sum(axis=0), draw.weigh(terms)
    return Draws(float(ratio(total[0], total[1])), ratio(drawn[:, 0], drawn[:, 1]))
