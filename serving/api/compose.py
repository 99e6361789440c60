"""JSON answers composed from predictions: risk band, intervals, reasons.

Not here: the predictions (`migraine_assets.prediction.predictor`), warnings (`serving.api.answer_warnings`), tables
(`migraine_assets.prediction.answer_table`), HTTP (`serving.app`).
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec.structs import replace

from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets.prediction.histories import RowLayout
from migraine_assets.prediction.intervals import severity_interval
from migraine_assets.prediction.loaded import LoadedModel, ModelIdentity
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.prediction.onsets import none_can_begin
from migraine_assets.prediction.predictor import HistoryPredictions, iso_dates
from migraine_assets.prediction.risk import level_of, risk_band
from migraine_assets.stores.bundles.manifest import Manifest
from serving.api.answer_warnings import warnings_of
from serving.api.scores import Score, is_simulated, scores_of
from serving.contract.responses import (
    Attack,
    BaseRate,
    PredictedOutcome,
    Prediction,
    RelativeToUsual,
    Severity,
    TaskModels,
    TaskReasons,
)
from serving.input.cases import Case
from serving.model.explanations import explain
from serving.wording.languages import Language
from serving.wording.sentences import Past, Reported, against_usual, reason


def compose(cases: Sequence[Case], predictions: HistoryPredictions, language: Language = "en") -> list[Prediction]:
    """Return the answer to each of `cases`, in order, with sentences in `language`."""
    scores = {task: scores_of(groups, len(cases)) for task, groups in predictions.groups.items()}
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
        warnings=warnings_of(models, case, past, scores, out_of_range, limited, begun=begun),
        interpreted=list(case.interpreted),
        simulated_model=is_simulated(scores),
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
