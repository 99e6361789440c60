"""From cases to numbers: features once for everybody, each person by the model of its arm, silent second opinions.

Here belong arrays. Not here: what the numbers mean to a reader (`engine`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import features
from migraine_assets.core.diary import Diary
from migraine_assets.core.features import LOOK_BACK
from serving.cases import Case
from serving.columns import ORDER
from serving.models import TaskModel
from serving.rollout import in_trial
from serving.served import HISTORY, Served

Rows = NDArray[np.float32]

_KNOWN_DAYS = features.NAMES.index(HISTORY)


@dataclass(frozen=True, eq=False)
class Score:
    """One person, one task. `output` is None where the model abstains for lack of `needed` known days (0: of anything);
    `shadow` is what a silent model said.
    """

    served: Served
    arm: str
    row: Rows
    output: float | None
    needed: int
    shadow: tuple[Served, Rows, float] | None = None


def features_of(cases: Sequence[Case], *, horizon: int) -> Rows:
    """Everybody's newest day, float32[len(cases), features]."""
    if len(cases) == 1:
        return _only(cases[0], horizon=horizon)
    last = np.add.accumulate([len(_recent(case.day)) for case in cases]) - 1
    rows: Rows = features.compute(_diary(cases), horizon=horizon)[last]
    return rows


def _only(case: Case, *, horizon: int) -> Rows:
    """One person's: the days were checked when the case was made."""
    columns = {ORDER[place]: case.values[place] for place in np.flatnonzero(case.given).tolist()}
    row: Rows = features.compute_day(case.day, columns, horizon=horizon)[None]
    return row


def _recent(day: NDArray[np.int64]) -> NDArray[np.int64]:
    return day[int(np.searchsorted(day, day[-1] - LOOK_BACK)) :]


def _diary(cases: Sequence[Case]) -> Diary:
    days = [_recent(case.day) for case in cases]
    values = [case.values[:, len(case.day) - len(day) :] for case, day in zip(cases, days, strict=True)]
    table = np.concatenate(values, axis=1) if len(cases) > 1 else np.ascontiguousarray(values[0])
    given = np.logical_or.reduce([case.given for case in cases])
    people = np.repeat(np.arange(len(cases)), [len(day) for day in days])
    columns = {ORDER[place]: table[place] for place in np.flatnonzero(given).tolist()}
    return Diary(people, np.concatenate(days), True, columns)


def score(
    task: str, model: TaskModel, cases: Sequence[Case], computed: Rows, *, secret: bytes, least_days: int
) -> list[Score]:
    """The score of every case by the model of its arm, in order."""
    trial = model.trial
    tried = np.zeros(len(cases), dtype=np.bool_)
    if trial is not None:
        name, percent = f"{task}:{trial.rollout.bundle}", trial.rollout.percent
        tried[:] = [in_trial(case.key, secret=secret, trial=name, percent=percent) for case in cases]
    if trial is None or trial.rollout.mode == "shadow":
        scores = _scores(model.champion, "champion", computed, least_days)
        return scores if trial is None else _shadowed(scores, trial.served, computed, tried)
    ours = iter(_scores(model.champion, "champion", computed[~tried], least_days))
    theirs = iter(_scores(trial.served, trial.rollout.mode, computed[tried], least_days))
    return [next(theirs) if chosen else next(ours) for chosen in tried]


def _scores(served: Served, arm: str, computed: Rows, least_days: int) -> list[Score]:
    if not len(computed):
        return []
    rows = computed[:, served.inputs]
    needed = max(served.least_days, least_days) if served.least_days else 0
    enough = computed[:, _KNOWN_DAYS] >= needed if needed else _anything(rows)
    outputs: list[float | None] = [None] * len(rows)
    if enough.all():
        outputs[:] = served.bundle.predict(rows).tolist()
    elif enough.any():
        answers = iter(served.bundle.predict(rows[enough]).tolist())
        outputs = [next(answers) if known else None for known in enough]
    return [Score(served, arm, row, output, needed) for row, output in zip(rows, outputs, strict=True)]


def _anything(rows: Rows) -> NDArray[np.bool_]:
    """Whether anything that the model looks at is known of each person, bool[n]."""
    return np.asarray(~np.isnan(rows).all(axis=1))


def _shadowed(scores: list[Score], silent: Served, computed: Rows, tried: NDArray[np.bool_]) -> list[Score]:
    """The same scores, with what `silent` says of those in the trial for whom the champion spoke."""
    chosen = [k for k, found in enumerate(scores) if tried[k] and found.output is not None]
    if not chosen:
        return scores
    rows = computed[chosen][:, silent.inputs]
    for k, row, output in zip(chosen, rows, silent.bundle.predict(rows).tolist(), strict=True):
        old = scores[k]
        scores[k] = Score(old.served, old.arm, old.row, old.output, old.needed, (silent, row, output))
    return scores
