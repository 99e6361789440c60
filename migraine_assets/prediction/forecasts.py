"""Forecasts for all participants of a diary: the next day of each, shard by shard, or the reason why there is none.

Here belongs the choice of the day to predict from. Not here: predicting (`prediction.predictor`), the columns of an
answer (`prediction.answer_table`), the origin of diaries (`sources`, `stores.assets.frames`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets.errors import DataRefused
from migraine_assets.prediction.answer_table import answer_table
from migraine_assets.prediction.histories import Histories, RowLayout
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.prediction.predictor import HistoryPredictions, Predictor
from migraine_assets.prediction.read_ahead import read_ahead

_EPOCH = dt.date(1970, 1, 1).toordinal()
# The reasons for a missing forecast, as the check and the command name them.
NO_ENTRY, LATER_ENTRIES, ABSTAINED = "no entry", "later entries", "too little history"


@dataclass(frozen=True, eq=False)
class Shard:
    """All days of some participants. `names`: the names for the codes 0, 1, ... in `diary.participant`."""

    names: Sequence[str]
    diary: Diary


@dataclass(frozen=True, eq=False)
class ShardForecasts:
    """The forecasts of a shard.

    `names`: one for each participant. `refused`: the reasons for missing forecasts, by position. `predictions`: those
    of the other participants, in order; None if there are none. `without`: the number of participants without a
    forecast by reason, including abstentions of the model.
    """

    names: Sequence[str]
    refused: Mapping[int, str]
    predictions: HistoryPredictions | None
    without: Counter[str]

    def table(self) -> Any:
        """Return the answers as a `pyarrow.Table` with one row for each participant."""
        return answer_table(self.names, self.refused, self.predictions)


def forecast_shards(
    shards: Iterable[Shard],
    predictor: Predictor[ModelSet],
    *,
    today: dt.date,
    day: dt.date | None = None,
    earlier: bool = False,
) -> Iterator[ShardForecasts]:
    """Forecast every participant of each shard with the current models, which are the same for all shards.

    `day`: the day on which the forecasts are made. "Today" is then the day before it, and participants without an entry
    on it, or with later ones, get no forecast; None predicts from the newest entry of each participant. `earlier`:
    participants whose diary ends before "today" get a forecast of the day after its end. `today`: the day of undated
    rows. Raises `ModelNotReady` if no attack model is loaded, and `DataRefused` for rows without dates
    and a model that needs a history.
    """
    models = predictor.models
    models.require_ready()
    # Reading, predicting, and what the caller does with the forecasts take place at the same time.
    return read_ahead(
        _forecast(shard, predictor, models, today=today, day=day, earlier=earlier) for shard in read_ahead(shards)
    )


def _forecast(
    shard: Shard,
    predictor: Predictor[ModelSet],
    models: ModelSet,
    *,
    today: dt.date,
    day: dt.date | None,
    earlier: bool,
) -> ShardForecasts:
    diary = shard.diary
    if not diary.dated:
        return _undated(shard, predictor, models, today=today)
    last = np.flatnonzero(np.append(diary.participant[1:] != diary.participant[:-1], True))
    newest = diary.day[last]
    needed = None if day is None else day.toordinal() - _EPOCH - 1
    everybody = np.ones(len(last), dtype=np.bool_)
    chosen = everybody if needed is None else newest <= needed if earlier else newest == needed
    refused, without = _refusals(newest, chosen, needed)
    if not chosen.any():
        return ShardForecasts(shard.names, refused, None, without)
    accepted = [shard.names[k] for k in np.flatnonzero(chosen).tolist()] if refused else shard.names
    predictions = predictor.predict(_histories(diary, last[chosen], accepted, models.layout), models)
    without[ABSTAINED] += sum(int(np.isnan(group.outputs).sum()) for group in predictions.groups["attack"])
    return ShardForecasts(shard.names, refused, predictions, +without)


def _refusals(
    newest: NDArray[np.int64], chosen: NDArray[np.bool_], needed: int | None
) -> tuple[dict[int, str], Counter[str]]:
    """Return a sentence for each participant whose `newest` day is not `needed`, by position, and their number by
    reason.
    """
    refused: dict[int, str] = {}
    without: Counter[str] = Counter()
    if needed is None:
        return refused, without
    expected = dt.date.fromordinal(needed + _EPOCH)
    for position in np.flatnonzero(~chosen).tolist():
        date = dt.date.fromordinal(int(newest[position]) + _EPOCH)
        if date > expected:
            reason, text = (
                LATER_ENTRIES,
                f"The diary goes on to {date}, so the day after {expected} is not in the future.",
            )
        else:
            reason, text = NO_ENTRY, f"There is no entry on {expected}; the newest entry is of {date}."
        refused[position] = text
        without[reason] += 1
    return refused, without


def _histories(diary: Diary, targets: NDArray[np.intp], names: Sequence[str], layout: RowLayout) -> Histories:
    """Return the rows in the look-back of `targets` as days for the predictor."""
    target_day = np.zeros(int(diary.participant[-1]) + 1, dtype=np.int64) - 2 * LOOK_BACK
    predicted = np.zeros(len(target_day), dtype=np.bool_)
    target_day[diary.participant[targets]] = diary.day[targets]
    predicted[diary.participant[targets]] = True
    rows = np.flatnonzero(predicted[diary.participant] & (diary.day >= target_day[diary.participant] - LOOK_BACK))
    return histories_from(diary, rows, np.searchsorted(rows, targets), names, layout)


def histories_from(
    diary: Diary, rows: NDArray[np.intp], targets: NDArray[np.intp], names: Sequence[str], layout: RowLayout
) -> Histories:
    """Return `rows` of `diary` as days for the predictor. `targets`: positions in `rows`, one per name."""
    values, everything = np.empty((len(layout.columns), len(rows))), len(rows) == len(diary)
    for row, column in enumerate(layout.columns):
        known = diary.columns.get(column)
        values[row] = np.nan if known is None else known if everything else known[rows]
    has_values = np.array([column in diary.columns for column in layout.columns])
    person, day = diary.participant[rows], diary.day[rows]
    return Histories(names, lambda: [name.encode() for name in names], person, day, values, has_values, targets)


def _undated(shard: Shard, predictor: Predictor[ModelSet], models: ModelSet, *, today: dt.date) -> ShardForecasts:
    """Predict each row for its own day, as a participant without history."""
    if models.tasks["attack"].champion.manifest.horizon:
        raise DataRefused(
            "The diary has no dates, and the model predicts a later day from a history. Map the column of the date."
        )
    diary, rows = shard.diary, np.arange(len(shard.diary))
    names = [shard.names[code] for code in diary.participant.tolist()]
    dated = Diary(rows.astype(np.int64), np.full(len(rows), today.toordinal() - _EPOCH), True, diary.columns)
    predictions = predictor.predict(histories_from(dated, rows, rows, names, models.layout), models)
    without = Counter({ABSTAINED: sum(int(np.isnan(g.outputs).sum()) for g in predictions.groups["attack"])})
    return ShardForecasts(names, {}, predictions, +without)
