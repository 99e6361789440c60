"""Scores of a model in groups of the test cohort: sex, age band, migraine type.

A group with few participants or few attacks gets no score, because it would be noisy and could describe a single
person. Not here: the table in the report (`report.page`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.metrics.interval import Scores

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]
Score = Callable[[NDArray[np.bool_]], Scores]

MIN_PARTICIPANTS = 5
MIN_EVENTS = 10

AGE_BANDS: tuple[tuple[float, str], ...] = (
    (30, "under 30"),
    (45, "30-44"),
    (60, "45-59"),
    (np.inf, "60 and over"),
)
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Subgroup:
    """One group of the test cohort. `events`: attacks, None for regression. `reason`: why it has no scores."""

    dimension: str
    label: str
    rows: int
    participants: int
    events: int | None
    scores: Scores
    reason: str = ""


def age_band(age: Floats) -> Objects:
    """Return the label in `AGE_BANDS` of each age in years [n], or `NOT_RECORDED` for NaN: object[n]."""
    tops = np.array([top for top, _ in AGE_BANDS])
    labels = np.array([label for _, label in AGE_BANDS] + [NOT_RECORDED], dtype=object)
    index = np.searchsorted(tops, age, side="right")
    bands: Objects = labels[np.where(np.isnan(age), len(AGE_BANDS), np.minimum(index, len(AGE_BANDS) - 1))]
    return bands


def subgroups(
    dimensions: Mapping[str, Objects],
    *,
    participant: NDArray[np.int64],
    events: Floats | None,
    score: Score,
) -> tuple[Subgroup, ...]:
    """Return one `Subgroup` for each value of each dimension (for example `{"Sex": object[n]}`).

    A value of None or "" is "not recorded". `events` float64[n] is 0/1 for classification and None for regression.
    `score` is called with the mask bool[n] of each group that is large enough: `MIN_PARTICIPANTS` participants and, for
    classification, `MIN_EVENTS` days with and without an attack.
    """
    groups = []
    for dimension, values in dimensions.items():
        labels = np.array([str(value) if value else NOT_RECORDED for value in values], dtype=object)
        for label in sorted(set(labels), key=_order):
            mask = labels == label
            participants, rows = int(np.unique(participant[mask]).size), int(mask.sum())
            count = None if events is None else int(events[mask].sum())
            reason = _too_small(participants, rows, count)
            scores: Scores = {} if reason else score(mask)
            groups.append(Subgroup(dimension, label, rows, participants, count, scores, reason))
    return tuple(groups)


def _too_small(participants: int, rows: int, events: int | None) -> str:
    if participants < MIN_PARTICIPANTS:
        return f"too small: fewer than {MIN_PARTICIPANTS} participants"
    if events is None:
        return "" if rows >= MIN_EVENTS else f"too small: fewer than {MIN_EVENTS} days"
    if min(events, rows - events) < MIN_EVENTS:
        return f"too small: fewer than {MIN_EVENTS} days with or without an attack"
    return ""


def _order(label: str) -> tuple[bool, int, str]:
    """Return the sort key of a label: age bands by age, other labels by name, "not recorded" last."""
    bands = [band for _, band in AGE_BANDS]
    return label == NOT_RECORDED, bands.index(label) if label in bands else -1, label
