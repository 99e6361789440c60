"""Predictions for many people at once, by columns: from whom and when to every number that an answer is made of.

Here belongs the order of steps that JSON, tables and a single person share. Not here: arrays of one model (`scoring`),
answers for a reader (`engine`, `answer_table`), what is kept of them (`recording`).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from serving.models import ModelSet
from serving.problems import Refused
from serving.scoring import Group, Rows, score

_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, eq=False)
class People:
    """Whom to predict for: names (None: nobody's), newest days int64[n] since 1970-01-01, and what keeps each in one
    arm of a trial.
    """

    names: Sequence[str | None]
    days: NDArray[np.int64]
    keys: Callable[[], Sequence[bytes]]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was found for n people. `ids`: of the predictions; `for_days` int64[n] since 1970-01-01, and the same as
    `for_dates` (ISO 8601): the days that are predicted; `computed` float32[n, features]; `groups`: by task, who was
    answered by which model; `beyond`: fields outside what training saw, where there are any.
    """

    ids: list[str]
    people: People
    for_days: NDArray[np.int64]
    for_dates: list[str]
    computed: Rows
    groups: Mapping[str, tuple[Group, ...]]
    beyond: Mapping[int, tuple[str, ...]]

    def outputs(self, task: str) -> NDArray[np.float64]:
        """What the models of `task` said, float64[n]; NaN where they abstained."""
        found = np.full(len(self.ids), np.nan)
        for group in self.groups[task]:
            found[group.places] = group.outputs
        return found


def predict(
    models: ModelSet,
    people: People,
    compute: Callable[[int], Rows],
    *,
    make_ids: Callable[[int], list[str]],
    secret: bytes,
    least_days: int = 0,
) -> Predicted:
    """Ask the models. `compute` gives everybody's features float32[n, features] for a horizon.

    Raises `Refused` (503) where no model for attacks serves.
    """
    if not models.ready:
        raise Refused("not-ready", " ".join(models.problems), headers={"Retry-After": "5"})
    horizon = models.tasks["attack"].champion.manifest.horizon
    computed = compute(horizon)
    groups = {
        task: score(task, model, people.keys, computed, secret=secret, least_days=least_days)
        for task, model in models.tasks.items()
        if model.champion.manifest.horizon == horizon
    }
    days = people.days + horizon
    dates = [_iso(day) for day in days.tolist()]
    beyond = _beyond(groups["attack"], computed)
    return Predicted(make_ids(len(people)), people, days, dates, computed, groups, beyond)


@lru_cache(maxsize=4096)
def _iso(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def _beyond(groups: Sequence[Group], computed: Rows) -> dict[int, tuple[str, ...]]:
    """The fields whose value today is outside what the training of its model saw, by place of the person."""
    found: dict[int, tuple[str, ...]] = {}
    for group in groups:
        model = group.served
        today = (computed if len(groups) == 1 else computed[group.places])[:, model.fenced]
        rows, fields = np.nonzero((today < model.low) | (today > model.high))
        for place, field in zip(group.places[rows].tolist(), fields.tolist(), strict=True):
            found[place] = (*found.get(place, ()), model.fields[field])
    return found
