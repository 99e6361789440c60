"""JSON answers composed from predictions: risk band, intervals, warnings, reasons.

Not here: the predictions (`migraine_assets.prediction.predictor`), tables (`migraine_assets.prediction.answer_table`),
HTTP (`serving.app`).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets.prediction.histories import RowLayout
from migraine_assets.prediction.intervals import severity_interval
from migraine_assets.prediction.loaded import LoadedModel, ModelIdentity
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.prediction.onsets import none_can_begin
from migraine_assets.prediction.predictor import HistoryPredictions, iso_dates
from migraine_assets.prediction.risk import LEAST_ATTACK_DAYS, level_of, risk_band, severity_missing
from migraine_assets.prediction.scoring import Group
from migraine_assets.stores.bundles.manifest import Manifest
from serving.contract.responses import (
    Attack,
    BaseRate,
    PredictedOutcome,
    Prediction,
    RelativeToUsual,
    Severity,
    TaskModels,
    TaskReasons,
    Warning,
)
from serving.input.cases import Case
from serving.model.explanations import explain
from serving.wording.languages import Language
from serving.wording.sentences import Past, Reported, against_usual, reason


class Score(msgspec.Struct, frozen=True, gc=False):
    """The prediction of one task for one participant: its group, the row in the group, and the output, None if
    abstained.
    """

    group: Group
    row: int
    output: float | None


def compose(cases: Sequence[Case], predictions: HistoryPredictions, language: Language = "en") -> list[Prediction]:
    """Return the answer to each of `cases`, in order, with sentences in `language`."""
    scores = {task: _scores(groups, len(cases)) for task, groups in predictions.groups.items()}
    past, out_of_range = predictions.past.tolist(), predictions.out_of_range.by_position()
    limited, outcomes = _limited_fields(predictions), predicted_outcomes(predictions)
    begun = none_can_begin(predictions)
    return [
        _prediction(
            predictions.models, case, past[k], {task: each[k] for task, each in scores.items()},
            out_of_range.get(k, ()), limited.get(k, ()), prediction_id=predictions.ids[k],
            for_date=predictions.for_dates[k], outcome=outcomes[k] if outcomes else None,
            begun=begun is not None and bool(begun[k]), language=language,
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
    language: Language,
) -> Prediction:
    attack, severity = scores["attack"], scores.get("severity")
    return Prediction(
        prediction_id=prediction_id,
        for_date=for_date,
        abstained=attack.output is None,
        attack=_attack(attack, past, language),
        severity=None if severity is None else _severity(severity),
        reasons=_reasons(models, case, scores, past, language) if case.explain else None,
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


def _attack(score: Score, past: Sequence[float], language: Language) -> Attack | None:
    if score.output is None:
        return None
    model, p = score.group.model, min(max(score.output, 0.0), 1.0)
    interval = model.band.around(p) if model.band else None
    usual = _base_rate(past, model.manifest.outcome.own_rate_days)
    relative = _relative_to_usual(p, usual, language) if usual else None
    band = risk_band(p, model.threshold, usual=usual.rate if usual else None)
    return Attack(p, band, model.threshold, usual, relative, interval)


def _base_rate(past: Sequence[float], days: float | None) -> BaseRate | None:
    attacks, observed, rate = past
    rate = rate if days is None else 1 - (1 - rate) ** days
    return BaseRate(rate, int(attacks), int(observed)) if observed > 0 and rate > 0 else None


def _relative_to_usual(p: float, usual: BaseRate, language: Language) -> RelativeToUsual:
    ratio = p / usual.rate
    words, sentence = against_usual(p, Past(usual.attacks, usual.observed_days, usual.rate), language)
    return RelativeToUsual(ratio, level_of(ratio), words, sentence)


def _severity(score: Score) -> Severity | None:
    if score.output is None:
        return None
    manifest = score.group.model.manifest
    return Severity(score.output, severity_interval(score.output, manifest), _severity_kind(manifest))


def _severity_kind(manifest: Manifest) -> Literal["severity", "burden"]:
    return "burden" if manifest.severity_kind == "burden" else "severity"


def _reasons(
    models: ModelSet, case: Case, scores: Mapping[str, Score], past: Sequence[float], language: Language
) -> TaskReasons:
    known = frozenset(models.layout.fields[index] for index in np.flatnonzero(case.has_values).tolist())
    attacks, days, rate = past
    usual = Past(int(attacks), int(days), rate) if days > 0 else Past(0, 0, rate)
    reasons = {}
    for task, score in scores.items():
        if score.output is not None:
            model = score.group.model
            explained = explain(model, score.group.rows[score.row], prediction=score.output, known=known)
            kind = "attack" if task == "attack" else _severity_kind(model.manifest)
            sentences = [
                reason(model.contract.by_name[item.field], _reported(models.layout, case, model, item.field),
                       item.contribution, kind=kind, past=usual, language=language)
                for item in explained.contributions
            ]  # fmt: skip
            named = [
                replace(item, sentence=text) for item, text in zip(explained.contributions, sentences, strict=True)
            ]
            reasons[task] = replace(explained, contributions=named)
    return TaskReasons(reasons.get("attack"), reasons.get("severity"))


def _reported(layout: RowLayout, case: Case, model: LoadedModel, field: str) -> Reported | None:
    """Return the last value of `field` among the days of the look-back."""
    column = model.contract.by_name[field].column
    if column not in layout.columns:
        return None
    row = layout.columns.index(column)
    known = np.flatnonzero(~np.isnan(case.values[row]))
    if not known.size:
        return None
    earlier = int(case.day[-1] - case.day[known[-1]])
    return Reported(float(case.values[row, known[-1]]), earlier) if earlier < LOOK_BACK else None


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
    if unused := _unused_fields(models.layout, case.has_values.tobytes(), *[model.used for model in answering]):
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
def _unused_fields(layout: RowLayout, has_values: bytes, *used: frozenset[str]) -> Warning | None:
    """Return a warning about sent fields that no model uses. It is cached, because an app sends the same few sets."""
    mask, by_any_model = np.frombuffer(has_values, dtype=np.bool_), frozenset().union(*used)
    fields = [layout.fields[row] for row in np.flatnonzero(mask).tolist() if layout.columns[row] not in by_any_model]
    return Warning("unused_fields", "The current model does not use these fields.", fields) if fields else None


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
