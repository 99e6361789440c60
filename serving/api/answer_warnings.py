"""The warnings of an answer, with their texts.

Not here: the codes in tables (`migraine_assets.prediction.answer_table`), the rest of the answer
(`serving.api.compose`).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from migraine_assets.core.contract import ATTACK
from migraine_assets.prediction.histories import RowLayout
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.prediction.risk import LEAST_ATTACK_DAYS, severity_missing
from migraine_assets.prediction.scoring import Group
from serving.api.scores import Score, is_simulated
from serving.contract.responses import Warning
from serving.input.cases import Case

_NONE_CAN_BEGIN = Warning(
    "none_can_begin",
    "The first day of an attack is predicted, and an attack is reported on one of the days that must have none.",
    [ATTACK],
)
_OTHER_FEATURES_CODE = Warning(
    "other_features_code",
    "The model was trained with another version of the feature code: its numbers may differ.",
)
_ONE_PERSON = Warning(
    "one_person_model",
    "The model was trained on the diary of one person: for anybody else it is no forecast.",
)
_SIMULATED = Warning(
    "simulated_model",
    "The model was trained on simulated diaries: its numbers are no evidence about migraine.",
)
_SEVERITY_MISSING = {
    "other_horizon": Warning("other_horizon", "The severity model predicts another day than the attack model."),
    "no_model": Warning("no_model", "No severity model serves."),
}


def warnings_of(
    models: ModelSet,
    case: Case,
    past: Sequence[float],
    scores: Mapping[str, Score],
    out_of_range: Sequence[str],
    limited: Sequence[str],
    *,
    begun: bool,
) -> list[Warning]:
    """Return the warnings of one answer.

    `past`: attacks, known days and rate of the last 28 days. `out_of_range`, `limited`: fields. `begun`: the first day
    of an attack is predicted, but a reported attack is too recent for that.
    """
    warnings = []
    attack = scores["attack"]
    if attack.output is None:
        warnings.append(_too_little_history(attack.group, past))
    if past[1] >= LEAST_ATTACK_DAYS and past[0] == past[1]:
        warnings.append(_attack_days_only(past))
    if begun:
        warnings.append(_NONE_CAN_BEGIN)
    if out_of_range:
        text = "Far outside what the model saw in training: the prediction is an extrapolation."
        warnings.append(Warning("out_of_range", text, list(out_of_range)))
    answering = [score.group.model for score in scores.values()]
    if unused := _unused_fields(models.layout, case.has_values.tobytes(), *[model.used for model in answering]):
        warnings.append(unused)
    if limited:
        text = "Set to the limit that training used, or left out because they contradict each other."
        warnings.append(Warning("value_limited", text, list(limited)))
    if reason := severity_missing(models, scores):
        warnings.append(_SEVERITY_MISSING[reason])
    if False in [model.same_features_code for model in answering]:
        warnings.append(_OTHER_FEATURES_CODE)
    if True in [model.one_person for model in answering]:
        warnings.append(_ONE_PERSON)
    if is_simulated(scores):
        warnings.append(_SIMULATED)
    return warnings


def _attack_days_only(past: Sequence[float]) -> Warning:
    text = (
        f"All {int(past[1])} known days of the last 28 have an attack. If days without one were left out, the "
        "prediction is too high: send them too."
    )
    return Warning("attack_days_only", text, [ATTACK])


def _too_little_history(group: Group, past: Sequence[float]) -> Warning:
    if not group.needed_days:
        text = "No input of the model is known for this day, so it makes no prediction."
        return Warning("too_little_history", text)
    text = (
        f"Attacks are known for {int(past[1])} of the last 28 days and the model needs "
        f"{group.needed_days}, so it makes no prediction. Send more days that say whether there was an attack."
    )
    return Warning("too_little_history", text, [ATTACK])


@lru_cache(maxsize=4096)
def _unused_fields(layout: RowLayout, has_values: bytes, *used: frozenset[str]) -> Warning | None:
    """Return a warning about sent fields that no model uses. It is cached, because an app sends the same few sets."""
    mask, by_any_model = np.frombuffer(has_values, dtype=np.bool_), frozenset().union(*used)
    fields = [layout.fields[row] for row in np.flatnonzero(mask).tolist() if layout.columns[row] not in by_any_model]
    return Warning("unused_fields", "The current model does not use these fields.", fields) if fields else None
