"""`evaluation.json`: the results of a report as a typed, machine-readable document.

Not here: writing files (`report.writer`), showing the results in a terminal (`cli.commands.report`).
"""

import json
import math
from collections.abc import Mapping

import msgspec

from migraine_assets.core.evaluation.results import METRICS, ModelRow, TaskEvaluation
from migraine_assets.core.features.outcome import described
from migraine_assets.core.metrics.interval import UNKNOWN, IntervalRecord, Scores, interval_record
from migraine_assets.report.text.interpretation import conclusion
from migraine_assets.report.text.question import heading

# Every metric of the task, by name. A value is null if the model failed or the rows have a single class.
Metrics = dict[str, IntervalRecord]


class ModelSection(msgspec.Struct, frozen=True):
    """One model. It has all three splits even if training failed, so that readers need no special case."""

    cv: Metrics
    test: Metrics
    train: Metrics
    flags: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    seconds: float | None = None
    used: str = ""
    bundle: str | None = None
    error: str | None = None


class BaselineSection(msgspec.Struct, frozen=True):
    """One baseline."""

    test: Metrics
    cv: Metrics


class Gain(msgspec.Struct, frozen=True):
    """The improvement of the champion over the personal rate, in `metric`."""

    metric: str
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


class HorizonSection(msgspec.Struct, frozen=True):
    """The cross-validated ROC-AUC `horizon` days ahead, of one model and of the personal rate."""

    horizon: int
    rows: int
    attack_rate: float
    model: IntervalRecord
    personal_rate: IntervalRecord
    lead: IntervalRecord


class TaskSection(msgspec.Struct, frozen=True):
    """The evaluation of one task. `target`: attack, severity or burden; None if the source has no severities.

    `simulated`: whether the diaries were simulated. `conclusion`: the champion compared with the personal rate.
    `outcome`: what counts as an attack and when, in a sentence. `refused`: the gate refused the best model, which
    `champion` names, and another model still serves.
    """

    question: str
    horizon: int
    target: str | None
    baselines: dict[str, BaselineSection]
    models: dict[str, ModelSection]
    champion: str | None
    challenger: str | None
    gain_over_personal_rate: Gain
    simulated: bool = False
    conclusion: str = ""
    outcome: str = ""
    horizons: tuple[HorizonSection, ...] = ()
    refused: bool = False

    @property
    def roles(self) -> dict[str, str]:
        """The roles of models by key. A best model that the gate refused is not the champion."""
        if self.refused:
            return {self.champion: "refused"} if self.champion else {}
        return {key: role for key, role in ((self.champion, "champion"), (self.challenger, "challenger")) if key}


# By task.
Sections = dict[str, TaskSection]


def to_sections(
    attack: TaskEvaluation | None = None, severity: TaskEvaluation | None = None, *, simulated: bool = False
) -> Sections:
    """Convert evaluations to sections by task; a task that is None is left out."""
    tasks = {"attack": attack, "severity": severity}
    return {name: _task(evaluation, simulated) for name, evaluation in tasks.items() if evaluation is not None}


def merge(existing: Mapping[str, TaskSection], new: Mapping[str, TaskSection]) -> Sections:
    """Return `existing` with its tasks replaced by those of `new`, attack first."""
    merged = {**existing, **new}
    return {task: merged[task] for task in sorted(merged)}


def dump(sections: Mapping[str, TaskSection]) -> bytes:
    """Encode as strict JSON in UTF-8. Raises `ValueError` for NaN, which is not valid JSON."""
    content = msgspec.to_builtins(sections)
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def load(content: bytes) -> Sections:
    """Decode the output of `dump`. Raises `ValueError` for anything else."""
    return msgspec.json.decode(content, type=Sections)


def _task(evaluation: TaskEvaluation, simulated: bool) -> TaskSection:
    names = METRICS[evaluation.task]
    return TaskSection(
        question=heading(evaluation),
        horizon=evaluation.horizon,
        target=evaluation.severity_kind if evaluation.task == "severity" else "attack",
        baselines={
            key: BaselineSection(test=_metrics(splits.get("test"), names), cv=_metrics(splits.get("cv"), names))
            for key, splits in evaluation.baselines.items()
        },
        models={row.key: _model(row, names) for row in evaluation.rows},
        champion=evaluation.champion,
        challenger=evaluation.challenger,
        gain_over_personal_rate=Gain(evaluation.headline, **evaluation.gain.to_json()),
        simulated=simulated,
        conclusion=conclusion(evaluation) if evaluation.champion else "",
        outcome=described(evaluation.outcome, horizon=evaluation.horizon),
        horizons=tuple(
            HorizonSection(
                skill.horizon,
                skill.rows,
                skill.attack_rate,
                *map(interval_record, (skill.model, skill.personal_rate, skill.lead)),
            )
            for skill in evaluation.horizons
        ),
        refused=evaluation.refused,
    )


def _model(row: ModelRow, names: tuple[str, ...]) -> ModelSection:
    return ModelSection(
        cv=_metrics(row.cv, names),
        test=_metrics(row.test, names),
        train=_metrics(row.train, names),
        flags=tuple(flag.name for flag in row.flags),
        reasons=tuple(flag.reason for flag in row.flags),
        seconds=row.seconds if math.isfinite(row.seconds) else None,
        used=row.used,
        bundle=row.bundle,
        error=row.error,
    )


def _metrics(scores: Scores | None, names: tuple[str, ...]) -> Metrics:
    return {name: interval_record((scores or {}).get(name, UNKNOWN)) for name in names}
