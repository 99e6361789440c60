"""How a model does in parts of the test cohort: sex, age band, migraine type. Not here: drawing the table.

A group with few people or few attacks gets no score: its figure would be noise, and could describe one person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.metrics.interval import Scores

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]
Score = Callable[[NDArray[np.bool_]], Scores]

LEAST_PARTICIPANTS = 5
LEAST_EVENTS = 10

AGE_BANDS: tuple[tuple[float, str], ...] = (
    (30, "under 30"),
    (45, "30-44"),
    (60, "45-59"),
    (np.inf, "60 and over"),
)
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Subgroup:
    """One group of the test cohort. `events`: attacks, None for a regression; `reason`: why `scores` is
    empty.
    """

    dimension: str
    label: str
    rows: int
    participants: int
    events: int | None
    scores: Scores
    reason: str = ""


def age_band(age: Floats) -> Objects:
    """The band of `AGE_BANDS` for each age in years, `NOT_RECORDED` for NaN."""
    tops = np.array([top for top, _ in AGE_BANDS])
    labels = np.array([label for _, label in AGE_BANDS] + [NOT_RECORDED], dtype=object)
    place = np.searchsorted(tops, age, side="right")
    chosen: Objects = labels[np.where(np.isnan(age), len(AGE_BANDS), np.minimum(place, len(AGE_BANDS) - 1))]
    return chosen


def subgroups(
    dimensions: Mapping[str, Objects],
    *,
    participant: NDArray[np.int64],
    events: Floats | None,
    score: Score,
) -> tuple[Subgroup, ...]:
    """A row for every value of every dimension (`{"Sex": object[n]}`; None or "" is "not recorded").

    `events` float64[n] 0/1 for a classification. `score` is called with the mask bool[n] of a group that is
    large enough: `LEAST_PARTICIPANTS` people and, in a classification, `LEAST_EVENTS` days of either kind.
    """
    found = []
    for dimension, values in dimensions.items():
        labels = np.array([str(value) if value else NOT_RECORDED for value in values], dtype=object)
        for label in sorted(set(labels), key=_order):
            mask = labels == label
            people, rows = int(np.unique(participant[mask]).size), int(mask.sum())
            count = None if events is None else int(events[mask].sum())
            reason = _too_small(people, rows, count)
            scores: Scores = {} if reason else score(mask)
            found.append(Subgroup(dimension, label, rows, people, count, scores, reason))
    return tuple(found)


def _too_small(people: int, rows: int, events: int | None) -> str:
    if people < LEAST_PARTICIPANTS:
        return f"too small: fewer than {LEAST_PARTICIPANTS} participants"
    if events is None:
        return "" if rows >= LEAST_EVENTS else f"too small: fewer than {LEAST_EVENTS} days"
    if min(events, rows - events) < LEAST_EVENTS:
        return f"too small: fewer than {LEAST_EVENTS} days with or without an attack"
    return ""


def _order(label: str) -> tuple[bool, int, str]:
    """Age bands by age, everything else by name, what is not recorded last."""
    bands = [band for _, band in AGE_BANDS]
    return label == NOT_RECORDED, bands.index(label) if label in bands else -1, label
