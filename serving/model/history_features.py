"""The features of checked cases: each person's newest day, from the days before it.

Not here: checking (`cases`), what is asked with the features (`predicting`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.engine import LOOK_BACK
from serving.input.cases import Case, Days, Floats
from serving.input.columns import ORDER
from serving.model.predictor import People
from serving.model.scoring import Rows


def people_of(cases: Sequence[Case]) -> People:
    """Who the cases are."""
    names = [case.participant for case in cases]
    return People(names, np.array([case.day[-1] for case in cases], dtype=np.int64), lambda: [c.key for c in cases])


def features_of(cases: Sequence[Case], horizon: int) -> Rows:
    """Everybody's newest day, float32[len(cases), features]."""
    if len(cases) == 1:
        return _only(cases[0], horizon=horizon)
    if isinstance(cases, Days):
        return engine.compute(_diary_of(np.arange(len(cases)), cases.day, cases.values), horizon=horizon)
    last = np.add.accumulate([len(_recent(case.day)) for case in cases]) - 1
    rows: Rows = engine.compute(_diary(cases), horizon=horizon)[last]
    return rows


def _only(case: Case, *, horizon: int) -> Rows:
    """One person's: the days were checked when the case was made."""
    columns = {ORDER[place]: case.values[place] for place in np.flatnonzero(case.given).tolist()}
    row: Rows = engine.compute_day(case.day, columns, horizon=horizon)[None]
    return row


def _recent(day: NDArray[np.int64]) -> NDArray[np.int64]:
    return day if len(day) == 1 else day[int(np.searchsorted(day, day[-1] - LOOK_BACK)) :]


def _diary(cases: Sequence[Case]) -> Diary:
    days = [_recent(case.day) for case in cases]
    values = [case.values[:, len(case.day) - len(day) :] for case, day in zip(cases, days, strict=True)]
    people = np.repeat(np.arange(len(cases)), [len(day) for day in days])
    return _diary_of(people, np.concatenate(days), np.concatenate(values, axis=1))


def _diary_of(people: NDArray[np.int64], day: NDArray[np.int64], values: Floats) -> Diary:
    """Of the columns in which anything is known."""
    known = np.flatnonzero((values == values).any(axis=1))
    return Diary(people, day, True, {ORDER[place]: values[place] for place in known.tolist()})
