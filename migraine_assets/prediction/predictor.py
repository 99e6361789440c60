"""The predictor: participants and days in, predictions out.

`/predict`, `/predict/batch`, tables, `/v2`, the asset `forecasts` and `migraine forecast` all call it. Not here: HTTP
and its errors (`serving.api`), the arithmetic of one model (`prediction.scoring`), answers (`serving.api.compose`,
`prediction.answer_table`), records (`prediction.records`).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.prediction.histories import Histories
from migraine_assets.prediction.history_features import HistoryFeatures
from migraine_assets.prediction.loaded import LoadedModel
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.prediction.scoring import Check, Group, Rows, outputs_of, score

_EPOCH = dt.date(1970, 1, 1).toordinal()


class OutOfRange(msgspec.Struct, frozen=True, eq=False):
    """Values of today outside the training range of the answering model.

    `positions` intp[k]: the prediction that each value belongs to; `fields` object[k]: its diary field.
    """

    positions: NDArray[np.intp]
    fields: NDArray[np.object_]

    def by_position(self) -> dict[int, tuple[str, ...]]:
        """Return the fields of each prediction that has any."""
        fields: dict[int, tuple[str, ...]] = {}
        for position, field in zip(self.positions.tolist(), self.fields.tolist(), strict=True):
            fields[position] = (*fields.get(position, ()), field)
        return fields


_NONE_OUT_OF_RANGE = OutOfRange(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=object))


class PredictionSet(msgspec.Struct, frozen=True, eq=False, gc=False):
    """n predictions, by column: everything about a request that is recorded.

    `ids`: prediction ids. `participants`: names, None if anonymous. `for_dates`: the predicted days (ISO 8601), None if
    the client sent features instead of days. `groups`: by task, the groups of predictions by answering model.
    """

    ids: list[str]
    participants: Sequence[str | None]
    for_dates: list[str] | None
    groups: Mapping[str, tuple[Group, ...]]
    out_of_range: OutOfRange


class HistoryPredictions(PredictionSet, frozen=True, eq=False, gc=False):
    """Predictions from diary days, with everything that answers are composed of.

    `models`: the models that served when the request came. `for_days` int64[n]: the predicted days since 1970-01-01.
    `histories`: the days. `changed` bool[reported, m]: where cleaning changed a value of a day. `past` float32[n, 3]:
    attacks and known days of the last 28, and the personal rate. Cleaning and past are those of the attack champion.
    """

    for_dates: list[str]
    models: ModelSet
    for_days: NDArray[np.int64]
    histories: Histories
    changed: NDArray[np.bool_]
    past: Rows

    @property
    def reported_fields(self) -> list[str]:
        """The contract field of each row of `changed`."""
        layout = self.models.layout
        recipe = self.models.tasks["attack"].champion.recipe
        return [layout.fields[row] for row in recipe.cleaner(layout.columns).reported.tolist()]


M = TypeVar("M", bound=ModelSet)


class Predictor(Generic[M]):
    """Predictor that uses the models that serve at the moment of the call.

    `models` returns the current set. `make_ids` makes prediction ids. `secret` assigns participants to the arms of a
    rollout. `least_history_days`: days with a known outcome below which a model abstains, if it uses history.
    """

    def __init__(
        self,
        models: Callable[[], M],
        *,
        make_ids: Callable[[int], list[str]],
        secret: bytes,
        least_history_days: int = 0,
    ) -> None:
        self._models, self._make_ids = models, make_ids
        self._secret, self._least_history_days = secret, least_history_days

    @property
    def models(self) -> M:
        """The models that serve now."""
        return self._models()

    def predict(self, histories: Histories, models: M | None = None, check: Check = lambda: None) -> HistoryPredictions:
        """Predict for each target row of `histories`, by default with the models that serve now.

        `models` must be those whose `layout` the days have. `check` is called between parts of the work, and its
        exceptions are passed on. Raises `ModelNotReady` if no attack model serves.
        """
        models = models or self._models()
        models.require_ready()
        champion = models.tasks["attack"].champion
        horizon = champion.manifest.horizon
        features = HistoryFeatures(histories, models.layout.columns, horizon=horizon)
        groups = {
            task: score(
                task,
                model,
                histories.keys,
                features.of,
                secret=self._secret,
                least_history_days=self._least_history_days,
                check=check,
            )
            for task, model in models.tasks.items()
            if model.champion.manifest.horizon == horizon
        }
        for_days = histories.target_days + horizon
        return HistoryPredictions(
            ids=self._make_ids(len(histories)),
            participants=histories.names,
            for_dates=iso_dates(for_days),
            groups=groups,
            out_of_range=_out_of_range(groups["attack"]),
            models=models,
            for_days=for_days,
            histories=histories,
            changed=features.changed(champion.recipe),
            past=features.of(champion.recipe)[:, champion.recipe.past],
        )

    def predict_rows(self, task: str, model: LoadedModel, rows: Rows, check: Check = lambda: None) -> PredictionSet:
        """Predict with `model` from computed features, float32[n, F] in the order of its manifest.

        The rows belong to no participant, so there is no rollout and no abstention.
        """
        count = len(rows)
        group = Group(model, "champion", np.arange(count), rows, outputs_of(model, rows, check), 0)
        return PredictionSet(self._make_ids(count), [None] * count, None, {task: (group,)}, _NONE_OUT_OF_RANGE)


def iso_dates(days: NDArray[np.int64]) -> list[str]:
    """Return `days` since 1970-01-01, int64[n], in ISO 8601."""
    if len(days) == 1:  # faster than NumPy for one
        return [_iso_date(int(days[0]))]
    distinct, inverse = np.unique(days, return_inverse=True)
    return list(np.array([_iso_date(day) for day in distinct.tolist()], dtype=object)[inverse])


@lru_cache(maxsize=4096)
def _iso_date(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def _out_of_range(groups: Sequence[Group]) -> OutOfRange:
    parts = []
    for group in groups:
        model = group.model
        today = np.take(group.rows, model.fenced, axis=1)
        # A flat search and a division are faster than NumPy's search by row and column.
        outside = np.flatnonzero((today < model.low) | (today > model.high))
        if outside.size:
            rows, fields = np.divmod(outside, len(model.fenced_fields))
            parts.append((group.positions[rows], np.array(model.fenced_fields, dtype=object)[fields]))
    if not parts:
        return _NONE_OUT_OF_RANGE
    positions, names = zip(*parts, strict=True)
    return OutOfRange(np.concatenate(positions), np.concatenate(names))
