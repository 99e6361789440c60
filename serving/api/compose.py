"""JSON answers composed from predictions: risk band, intervals, warnings, reasons.

Not here: the predictions (`serving.model.predictor`), tables (`serving.api.compose_table`), HTTP (`serving.app`).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from migraine_assets.core.contract import ATTACK
from serving.contract.requests import RequestSchema
from serving.contract.responses import (
    Attack,
    Band,
    BaseRate,
    ModelIdentity,
    PredictedOutcome,
    Prediction,
    Severity,
    TaskModels,
    TaskReasons,
    Warning,
)
from serving.input.cases import Case
from serving.model.explanations import explain
from serving.model.intervals import severity_interval
from serving.model.onsets import none_can_begin
from serving.model.predictor import HistoryPredictions, iso_dates
from serving.model.scoring import Group
from serving.model.watcher import ModelSet


class Score(msgspec.Struct, frozen=True, gc=False):
    """The prediction of one task for one participant: its group, the row in the group, and the output, None if
    abstained.
    """

    group: Group
    row: int
    output: float | None


def compose(cases: Sequence[Case], predictions: HistoryPredictions) -> list[Prediction]:
    """Return the answer to each of `cases`, in order."""
    scores = {task: _scores(groups, len(cases)) for task, groups in predictions.groups.items()}
    past, out_of_range = predictions.past.tolist(), predictions.out_of_range.by_position()
    limited, outcomes = _limited_fields(predictions), predicted_outcomes(predictions)
    begun = none_can_begin(predictions)
    return [
        _prediction(
            predictions.models, case, past[k], {task: each[k] for task, each in scores.items()},
            out_of_range.get(k, ()), limited.get(k, ()), prediction_id=predictions.ids[k],
            for_date=predictions.for_dates[k], outcome=outcomes[k] if outcomes else None,
            begun=begun is not None and bool(begun[k]),
        )
        for k, case in enumerate(cases)
    ]  # fmt: skip


def _limited_fields(predictions: HistoryPredictions) -> dict[int, list[str]]:
    """Return, by the position of the case, the fields in which cleaning changed a value of any day."""
    if not predictions.changed.any():
        return {}
    fields, persons = predictions.reported_fields, predictions.histories.person
    limited: dict[int, list[str]] = {}
    for row, field in enumerate(fields):
        for position in np.unique(persons[predictions.changed[row]]).tolist():
            limited.setdefault(position, []).append(field)
    return limited


def _scores(groups: Sequence[Group], count: int) -> list[Score]:
    scores: list[Score] = [None] * count  # type: ignore[list-item]  # every position is in exactly one group
    for group in groups:
        for row, (position, output) in enumerate(zip(group.positions.tolist(), group.outputs.tolist(), strict=True)):
            scores[position] = Score(group, row, output if output == output else None)
    return scores


def _prediction(
    models: ModelSet,
    case: Case,
    past: Sequence[float],
    scores: Mapping[str, Score],
    out_of_range: Sequence[str],
    limited: Sequence[str],
    *,
    prediction_id: str,
    for_date: str,
    outcome: PredictedOutcome | None,
    begun: bool,
) -> Prediction:
    attack, severity = scores["attack"], scores.get("severity")
    return Prediction(
        prediction_id=prediction_id,
        for_date=for_date,
        abstained=attack.output is None,
        attack=_attack(attack, past),
        severity=None if severity is None else _severity(severity),
        reasons=_reasons(models, case, scores) if case.explain else None,
        model=TaskModels(_identity(attack), _identity(severity)),
        warnings=_warnings(models, case, past, scores, out_of_range, limited, begun=begun),
        interpreted=list(case.interpreted),
        simulated_model=_simulated(scores),
        outcome=outcome,
    )


def predicted_outcomes(predictions: HistoryPredictions) -> list[PredictedOutcome] | None:
    """Return the outcome that each prediction is about; None for any attack on one day, as the contract defines it."""
    manifest = predictions.models.tasks["attack"].champion.manifest
    definition = manifest.outcome.definition
    if definition is None:
        return None
    days = manifest.horizon - 1 if definition.window == "any" else 0
    text, first = manifest.outcome.description, iso_dates(predictions.for_days - days)
    return [PredictedOutcome(text, *both) for both in zip(first, predictions.for_dates, strict=True)]


def _identity(score: Score | None) -> ModelIdentity | None:
    return score.group.model.identities[score.group.arm] if score else None


def _attack(score: Score, past: Sequence[float]) -> Attack | None:
    if score.output is None:
        return None
    model, p = score.group.model, min(max(score.output, 0.0), 1.0)
    interval = model.band.around(p) if model.band else None
    days = model.manifest.outcome.own_rate_days
    return Attack(p, risk_band(p, model.threshold), model.threshold, _base_rate(past, days), interval)


BANDS: tuple[Band, ...] = get_args(Band)


def band_limits(threshold: Any) -> tuple[Any, Any, Any]:
    """Return the lowest probabilities of a very high, high and moderate risk. `threshold`: a float, or an array of
    them.
    """
    return (1 + threshold) / 2, threshold, threshold / 2


def risk_band(p: float, threshold: float) -> Band:
    """Return the risk band of probability `p` for a model with this decision threshold."""
    very_high, high, moderate = band_limits(threshold)
    return BANDS[int(p >= moderate) + int(p >= high) + int(p >= very_high)]


def _base_rate(past: Sequence[float], days: float | None) -> BaseRate | None:
    attacks, observed, rate = past
    rate = rate if days is None else 1 - (1 - rate) ** days
    return BaseRate(rate, int(attacks), int(observed)) if observed > 0 else None


def _severity(score: Score) -> Severity | None:
    if score.output is None:
        return None
    manifest = score.group.model.manifest
    kind = "burden" if manifest.severity_kind == "burden" else "severity"
    return Severity(score.output, severity_interval(score.output, manifest), kind)  # type: ignore[arg-type]


def _reasons(models: ModelSet, case: Case, scores: Mapping[str, Score]) -> TaskReasons:
    known = frozenset(models.requests.fields[index] for index in np.flatnonzero(case.has_values).tolist())
    reasons = {
        task: explain(score.group.model, score.group.rows[score.row], prediction=score.output, known=known)
        for task, score in scores.items()
        if score.output is not None
    }
    return TaskReasons(reasons.get("attack"), reasons.get("severity"))


def _warnings(
    models: ModelSet,
    case: Case,
    past: Sequence[float],
    scores: Mapping[str, Score],
    out_of_range: Sequence[str],
    limited: Sequence[str],
    *,
    begun: bool,
) -> list[Warning]:
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
    if unused := _unused_fields(models.requests, case.has_values.tobytes(), *[model.used for model in answering]):
        warnings.append(unused)
    if limited:
        text = "Set to the limit that training used, or left out because they contradict each other."
        warnings.append(Warning("value_limited", text, list(limited)))
    if reason := severity_missing(models, scores):
        warnings.append(_SEVERITY_MISSING[reason])
    if False in [model.same_features_code for model in answering]:
        warnings.append(_OTHER_FEATURES_CODE)
    if _simulated(scores):
        warnings.append(_SIMULATED)
    return warnings


# This many known days, all with an attack, suggest that days without an attack were left out.
LEAST_ATTACK_DAYS = 3


def _attack_days_only(past: Sequence[float]) -> Warning:
    text = (
        f"All {int(past[1])} known days of the last 28 have an attack. If days without one were left out, the "
        "prediction is too high: send them too."
    )
    return Warning("attack_days_only", text, [ATTACK])


def _simulated(scores: Mapping[str, Score]) -> bool:
    return True in [score.group.model.simulated for score in scores.values()]


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
def _unused_fields(schema: RequestSchema, has_values: bytes, *used: frozenset[str]) -> Warning | None:
    """Return a warning about sent fields that no model uses. It is cached, because an app sends the same few sets."""
    mask, by_any_model = np.frombuffer(has_values, dtype=np.bool_), frozenset().union(*used)
    fields = [schema.fields[row] for row in np.flatnonzero(mask).tolist() if schema.columns[row] not in by_any_model]
    return Warning("unused_fields", "The current model does not use these fields.", fields) if fields else None


def severity_missing(models: ModelSet, groups: Mapping[str, object]) -> Literal["other_horizon", "no_model"] | None:
    """Return the code of the warning that says why there is no severity, or None if there is one."""
    if "severity" in groups:
        return None
    return "other_horizon" if "severity" in models.tasks else "no_model"


_NONE_CAN_BEGIN = Warning(
    "none_can_begin",
    "The first day of an attack is predicted, and an attack is reported on one of the days that must have none.",
    [ATTACK],
)
_OTHER_FEATURES_CODE = Warning(
    "other_features_code",
    "The model was trained with another version of the feature code: its numbers may differ.",
)
_SIMULATED = Warning(
    "simulated_model",
    "The model was trained on simulated diaries: its numbers are no evidence about migraine.",
)
_SEVERITY_MISSING = {
    "other_horizon": Warning("other_horizon", "The severity model predicts another day than the attack model."),
    "no_model": Warning("no_model", "No severity model serves."),
}
