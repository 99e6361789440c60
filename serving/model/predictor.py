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

from serving.contract.problems import Refused
from serving.model.scoring import Group, Rows, score
from serving.model.watcher import ModelSet

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
class Beyond:
    """Values of today outside what the training of the model that answers saw: whose, `places` intp[k], and of which
    field, `fields` object[k].
    """

    places: NDArray[np.intp]
    fields: NDArray[np.object_]

    def by_person(self) -> dict[int, tuple[str, ...]]:
        """The fields of each person who has any, by place."""
        found: dict[int, tuple[str, ...]] = {}
        for place, field in zip(self.places.tolist(), self.fields.tolist(), strict=True):
            found[place] = (*found.get(place, ()), field)
        return found


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was found for n people. `ids`: of the predictions; `for_days` int64[n] since 1970-01-01, and the same as
    `for_dates` (ISO 8601): the days that are predicted; `computed` float32[n, features]; `groups`: by task, who was
    answered by which model; `beyond`: what is outside of what training saw.
    """

    ids: list[str]
    people: People
    for_days: NDArray[np.int64]
    for_dates: list[str]
    computed: Rows
    groups: Mapping[str, tuple[Group, ...]]
    beyond: Beyond

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
    beyond = _beyond(groups["attack"], computed)
    return Predicted(make_ids(len(people)), people, days, _dates(days), computed, groups, beyond)


def _dates(days: NDArray[np.int64]) -> list[str]:
    if len(days) == 1:  # NumPy takes longer for one
        return [_iso(int(days[0]))]
    distinct, place = np.unique(days, return_inverse=True)
    return list(np.array([_iso(day) for day in distinct.tolist()], dtype=object)[place])


@lru_cache(maxsize=4096)
def _iso(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


_NOTHING = Beyond(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=object))


def _beyond(groups: Sequence[Group], computed: Rows) -> Beyond:
    found = []
    for group in groups:
        model = group.served
        today = np.take(computed if len(groups) == 1 else computed[group.places], model.fenced, axis=1)
        # A flat search and a division: quicker than NumPy's search by row and column.
        outside = np.flatnonzero((today < model.low) | (today > model.high))
        if outside.size:
            rows, fields = np.divmod(outside, len(model.fields))
            found.append((group.places[rows], np.array(model.fields, dtype=object)[fields]))
    if not found:
        return _NOTHING
    places, names = zip(*found, strict=True)
    return Beyond(np.concatenate(places), np.concatenate(names))
