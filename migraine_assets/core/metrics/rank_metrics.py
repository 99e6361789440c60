"""How well a score ranks attack days above others: ROC-AUC, PR-AUC and the within-person AUC, with replicates.

Exact, ties included, and without sorting again in each replicate: rows are sorted once, and a replicate is a few
cumulative sums of weights. Not here: thresholds and calibration (`core.metrics.metrics`,
`core.metrics.calibration_metrics`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.metrics.bootstrap import Draws, Floats, Resample, ratio, undefined


@dataclass(frozen=True)
class _Sorted:
    """Participants of the attack and the other rows, each in ascending order of score, and the attacks' places.

    For each attack: `below` other rows score less and `upto` not more; `attacks_below` attacks score less.
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
    mine, theirs = score[is_attack], score[~is_attack]
    below, upto = np.searchsorted(theirs, mine, "left"), np.searchsorted(theirs, mine, "right")
    return _Sorted(who[is_attack], who[~is_attack], below, upto, np.searchsorted(mine, mine, "left"))


def _areas(rows: _Sorted, weight: Floats) -> tuple[float, float]:
    """ROC-AUC and average precision with each row counted as often as its participant in `weight` [G]."""
    attacks = weight[rows.attacks]
    seen_attacks = np.concatenate([[0.0], np.cumsum(attacks)])
    seen_others = np.concatenate([[0.0], np.cumsum(weight[rows.others])])
    all_attacks, all_others = seen_attacks[-1], seen_others[-1]
    if all_attacks == 0 or all_others == 0:
        return np.nan, np.nan
    below = seen_others[rows.below]
    concordant = np.dot(attacks, below + seen_others[rows.upto]) / 2
    found = all_attacks - seen_attacks[rows.attacks_below]
    # Nobody drawn at or above this score means that the row itself was not drawn: its term is 0, not 0/0.
    precision = found / np.maximum(found + (all_others - below), 1.0)
    return concordant / (all_attacks * all_others), float(np.dot(attacks, precision)) / all_attacks


def rank_areas(y: Floats, p: Floats, draw: Resample) -> tuple[Draws, Draws]:
    """ROC-AUC and PR-AUC of score `p` float64[n] for `y` 0/1 float64[n].

    ROC-AUC is the share of (attack, other) pairs in which the attack scores higher, ties counting half. PR-AUC
    is the average precision: the mean over attacks of the precision at their own score, not interpolated.
    """
    rows = _sort(y, p, draw.group)
    if rows.attacks.size == 0 or rows.others.size == 0:
        return undefined(draw.replicates), undefined(draw.replicates)
    value = _areas(rows, np.ones(draw.participants))
    replicates = np.array([_areas(rows, w.astype(np.float64)) for w in draw.weights]).reshape(-1, 2)
    return Draws(value[0], replicates[:, 0]), Draws(value[1], replicates[:, 1])


def person_areas(y: Floats, p: Floats, draw: Resample) -> tuple[Floats, Floats]:
    """Each participant's own ROC-AUC float64[G] (NaN with one class only) and its weight float64[G].

    With `a` attack days and `b` others the weight is a b / (a + b + 1), which is in proportion to the inverse
    variance of an uninformative AUC (van Elteren 1960): a diary with one attack says little, and a long one
    does not drown the rest as it would if pairs were counted. By mid-ranks within the participant
    (Mann-Whitney).
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
    """Ranks from 1 within each participant, ties sharing their mean; both arrays sorted by who, then score."""
    new_person = np.concatenate([[True], who[1:] != who[:-1]])
    new_value = new_person | np.concatenate([[True], score[1:] != score[:-1]])
    place = np.arange(score.size)
    start = np.flatnonzero(new_value)
    end = np.concatenate([start[1:], [score.size]])
    middle: Floats = ((start + end - 1) / 2)[np.cumsum(new_value) - 1]
    first: Floats = np.maximum.accumulate(np.where(new_person, place, 0)).astype(np.float64)
    within: Floats = middle - first + 1
    return within


def within_person_area(y: Floats, p: Floats, draw: Resample) -> Draws:
    """The weighted mean of the participants' own ROC-AUC: are a person's worse days told from the better?

    Participants with both classes only; undefined where there is none.
    """
    area, weight = person_areas(y, p, draw)
    terms = np.column_stack([np.where(weight > 0, area, 0.0) * weight, weight])
    total, drawn = terms.sum(axis=0), draw.weigh(terms)
    return Draws(float(ratio(total[0], total[1])), ratio(drawn[:, 0], drawn[:, 1]))
