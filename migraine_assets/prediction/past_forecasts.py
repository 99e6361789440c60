"""The champion's forecasts of the past days of one participant, each from the days before it.

Not here: forecasts of the next day (`prediction.forecasts`), their comparison with outcomes (`core.person.agreement`).
"""

from dataclasses import dataclass

import numpy as np

from migraine_assets.core.features.diary import Diary, Floats, Integers
from migraine_assets.core.features.labels import attack_label, target_day
from migraine_assets.prediction.answer_table import answer_table
from migraine_assets.prediction.forecasts import histories_from
from migraine_assets.prediction.model_set import ModelSet, TaskModel
from migraine_assets.prediction.predictor import Predictor


@dataclass(frozen=True, eq=False)
class PastForecasts:
    """Forecasts of k days with a known outcome.

    `day` int64[k]: the predicted days, since 1970-01-01. `probability` float64[k]: NaN where the model abstained.
    `own_rate` float64[k]: of the participant on the days before, NaN if unknown. `outcome` float64[k]: 0 or 1.
    """

    day: Integers
    probability: Floats
    own_rate: Floats
    outcome: Floats


def past_forecasts(diary: Diary, models: ModelSet, *, first: int) -> PastForecasts:
    """Forecast every day since `first` whose outcome is known, from entries that were there before.

    `diary`: of one participant, dated. Rollout candidates are left out. Raises `ModelNotReady` without an attack model.
    """
    models.require_ready()
    champion = models.tasks["attack"].champion
    horizon = champion.manifest.horizon
    label = attack_label(diary, horizon, champion.manifest.definition, fields=models.contract)
    day = target_day(diary, horizon)
    rows = np.flatnonzero(np.isfinite(label) & (day >= first))
    if not len(rows):
        return PastForecasts(day[rows], label[rows], label[rows], label[rows])
    alone = ModelSet(models.version, {"attack": TaskModel(champion)}, ())
    names = [""] * len(rows)
    histories = histories_from(diary, np.arange(len(diary)), rows, names, alone.layout)
    # Nothing is logged and nobody is assigned to a rollout, so neither ids nor a secret are needed.
    predictor = Predictor(lambda: alone, make_ids=lambda count: [""] * count, secret=b"")
    answers = answer_table(names, {}, predictor.predict(histories))
    probability, own_rate = (
        answers[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("probability", "base_rate")
    )
    return PastForecasts(day[rows], probability, own_rate, label[rows])
