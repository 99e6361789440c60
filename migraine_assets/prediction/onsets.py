"""Detection of predictions of an attack's first day for participants who are still in an attack.

A model with `free_days` is trained only on days after that many days without an attack. Not here: what counts as an
attack (`core.features.outcome`), the warning (`serving.api.answer_warnings`).
"""

import numpy as np
from numpy.typing import NDArray

from migraine_assets.prediction.predictor import HistoryPredictions


def none_can_begin(predictions: HistoryPredictions) -> NDArray[np.bool_] | None:
    """Return bool[n]: whether an attack is reported less than `free_days` before the predicted days; None without such
    a rule.
    """
    manifest = predictions.models.tasks["attack"].champion.manifest
    definition, ahead = manifest.outcome.definition, manifest.horizon
    if definition is None or not definition.attack.free_days:
        return None
    free = definition.attack.free_days
    histories, columns = predictions.histories, predictions.models.layout.columns
    values = dict(zip(columns, histories.values, strict=True))
    quantity = definition.attack.quantity(predictions.models.contract)
    attack = values[definition.attack.column] if quantity is None else quantity.function()(values.__getitem__)
    first = histories.target_days + (1 if definition.window == "any" else ahead)
    # The newest attack of the same person up to each day. Days of different persons are `_APART` apart, so that an
    # attack of one never counts for another; days before 1970 are not accepted.
    newest = np.where(attack == 1, histories.day, -1) + histories.person * _APART
    newest = np.maximum.accumulate(newest)[histories.targets] - histories.person[histories.targets] * _APART
    recent: NDArray[np.bool_] = (newest >= 0) & (newest >= first - free)
    return recent


_APART = 1 << 32
