"""How skill decays with the horizon: one fast model and the participant's own rate, cross-validated for 1 to 7 days.

Every horizon has the folds of the evaluation, the same definition of the outcome, and the features of the feature
table; only its labels differ, and the weekend of the predicted day. Inputs that are known ahead for one horizon are
left out. Not here: the evaluation of the horizon that is served (`core.evaluation.champion_analysis`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.evaluation.cross_validation import baseline_predictions, draws
from migraine_assets.core.evaluation.datasets import KEYS, TARGET, TaskData, task_data
from migraine_assets.core.evaluation.results import HorizonSkill
from migraine_assets.core.evaluation.selection import lead
from migraine_assets.core.features.diary import MAX_HORIZON, Diary
from migraine_assets.core.features.labels import attack_label
from migraine_assets.core.features.matrix import days_of
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition
from migraine_assets.core.metrics.bootstrap import resample
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.models.training import fit_model

ALGORITHM = "logistic_regression"
# The feature that says whether the day of the row is an attack day, and that of the weekend of the predicted day.
TODAY, WEEKEND = "attack_today", "target_weekend"


@dataclass(frozen=True)
class Split:
    """The split of the feature table: `part` and `fold` int8[n], the cut day (ISO 8601), and whether it is in time."""

    part: NDArray[np.int8]
    fold: NDArray[np.int8]
    cut_day: str | None
    forward: bool


def skill_by_horizon(
    table: pd.DataFrame,
    names: tuple[str, ...],
    split: Split,
    outcome: OutcomeDefinition,
    *,
    params: Mapping[str, Any],
    seed: int,
    replicates: int,
    horizons: Iterable[int] = range(1, MAX_HORIZON + 1),
) -> tuple[HorizonSkill, ...]:
    """Compute the skill at each of `horizons`, on the training part of the feature table `table`.

    `params`: hyperparameters of the model. Empty if the table does not say whether its days are attack days.
    """
    if TODAY not in names:
        return ()
    inputs = tuple(name for name in names if not name.endswith("_ahead"))
    days, diary = days_of(table, dated=True), _diary(table)
    skills = []
    for horizon in horizons:
        known = AttackDefinition(free_days=outcome.attack.free_days)
        label = attack_label(diary, horizon, OutcomeDefinition(known, outcome.window))
        # The epoch was a Thursday: days 2 and 3 after it are Saturday and Sunday.
        weekend = np.isin((days + horizon) % 7, (2, 3)).astype(np.float32)
        changed = {TARGET["attack"]: label} | ({WEEKEND: weekend} if WEEKEND in inputs else {})
        data = task_data(
            "attack",
            table[[*KEYS, *inputs]].assign(**changed),
            names=inputs,
            part=split.part,
            fold=split.fold,
            severity_kind=None,
            horizon=horizon,
            cut_day=split.cut_day,
            outcome=OutcomeDefinition(outcome.attack, outcome.window if horizon > 1 else "day"),
            forward=split.forward,
        )
        skills.append(_skill(data, horizon, params=params, seed=seed, replicates=replicates))
    return tuple(skills)


def _skill(data: TaskData, horizon: int, *, params: Mapping[str, Any], seed: int, replicates: int) -> HorizonSkill:
    fitted = fit_model(find("attack", ALGORITHM), data.train, params=params, seed=seed)
    known, own = data.train.predicted, baseline_predictions(data)[0]["personal_rate"]
    y, draw = data.train.y[known], resample(data.train.cluster[known], replicates=replicates)
    model, rate = (draws("attack", y, p[known], draw, threshold=None) for p in (fitted.oof, own))
    return HorizonSkill(
        horizon,
        len(y),
        float(y.mean()),
        model["roc_auc"].interval(),
        rate["roc_auc"].interval(),
        lead("attack", model, rate),
    )


def _diary(table: pd.DataFrame) -> Diary:
    participant = pd.factorize(table["participant_id"])[0].astype(np.int64)
    return Diary(participant, days_of(table, dated=True), True, {ATTACK: table[TODAY].to_numpy(np.float64)})
