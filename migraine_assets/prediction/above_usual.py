"""Which forecasts of a night are above what is usual for the participant, for the apps whose diaries the service keeps.

Not here: the message (`core.alerts.above_usual`), forecasting (`prediction.forecasts`).
"""

import datetime as dt
from collections.abc import Collection

import numpy as np

from migraine_assets.core.alerts.above_usual import AboveUsual
from migraine_assets.prediction.forecasts import ShardForecasts
from migraine_assets.prediction.risk import USUAL_UP_TO, level_of


def above_usual(shard: ShardForecasts, owners: Collection[str], *, day: dt.date) -> dict[str, list[AboveUsual]]:
    """Return the forecasts of kept diaries that are above the usual and not of a day before `day`, by owner.

    The participants of the shard are named as kept diaries are (`stores.diaries.history.name_of`): the pseudonym, and
    the owner after "@" if it has a name. Their pseudonym is the `participant_id` of the result.
    """
    forecasts: dict[str, list[AboveUsual]] = {}
    table = shard.table()
    ratio = table.column("relative_to_usual").to_numpy(zero_copy_only=False).astype(np.float64)
    for row in table.take(np.flatnonzero(ratio > USUAL_UP_TO)).to_pylist():
        participant, _, owner = row["participant_id"].partition("@")
        level = level_of(row["relative_to_usual"])
        if owner not in owners or row["for_date"] < day or level not in ("higher", "much_higher"):
            continue
        names = ("prediction_id", "for_date", "probability", "base_rate", "relative_to_usual")
        forecasts.setdefault(owner, []).append(
            AboveUsual(participant, level=level, **{name: row[name] for name in names})
        )
    return forecasts
