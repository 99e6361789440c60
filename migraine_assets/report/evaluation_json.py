"""`evaluation.json`: the results of a report as machine-readable JSON. Not here: writing files (`report.writer`)."""

import json
import math
from collections.abc import Mapping
from typing import Any

from migraine_assets.core.evaluation.results import METRICS, ModelRow, TaskEvaluation
from migraine_assets.core.metrics.interval import UNKNOWN, Scores
from migraine_assets.report.text.question import heading

# Every model and baseline has these splits, even a failed one, so that readers need no special case.
_BASELINE_SPLITS, _MODEL_SPLITS = ("test", "cv"), ("cv", "test", "train")


def to_json(attack: TaskEvaluation | None = None, severity: TaskEvaluation | None = None) -> dict[str, Any]:
    """Convert evaluations to `{"attack": {...}, "severity": {...}}`; a task that is None is left out.

    Each section holds `baselines`, `models`, `champion`, `challenger`. Every split has every metric of the task as
    `{"value", "ci_low", "ci_high"}`, null where it is unknown: the model failed, or the rows have a single class.
    """
    tasks = {"attack": attack, "severity": severity}
    return {name: _task(evaluation) for name, evaluation in tasks.items() if evaluation is not None}


def merge(existing: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return `existing` with its tasks replaced by those of `new`, attack first."""
    merged = {**existing, **new}
    return {task: merged[task] for task in sorted(merged)}


def dump(sections: Mapping[str, Any]) -> bytes:
    """Encode as strict JSON in UTF-8. Raises `ValueError` for NaN, which is not valid JSON."""
    return (json.dumps(sections, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def load(content: bytes) -> dict[str, Any]:
    """Decode the output of `dump`."""
    sections: dict[str, Any] = json.loads(content)
    return sections


def _task(evaluation: TaskEvaluation) -> dict[str, Any]:
    names = METRICS[evaluation.task]
    return {
        "question": heading(evaluation),
        "horizon": evaluation.horizon,
        "target": evaluation.severity_kind if evaluation.task == "severity" else "attack",
        "baselines": {
            key: {split: _scores(splits.get(split), names) for split in _BASELINE_SPLITS}
            for key, splits in evaluation.baselines.items()
        },
        "models": {row.key: _model(row, names) for row in evaluation.rows},
        "champion": evaluation.champion,
        "challenger": evaluation.challenger,
        "gain_over_personal_rate": {"metric": evaluation.headline, **evaluation.gain.to_json()},
    }


def _model(row: ModelRow, names: tuple[str, ...]) -> dict[str, Any]:
    splits = dict(zip(_MODEL_SPLITS, (row.cv, row.test, row.train), strict=True))
    return {split: _scores(scores, names) for split, scores in splits.items()} | {
        "flags": [flag.name for flag in row.flags],
        "reasons": [flag.reason for flag in row.flags],
        "seconds": row.seconds if math.isfinite(row.seconds) else None,
        "used": row.used,
        "bundle": row.bundle,
        "error": row.error,
    }


def _scores(scores: Scores | None, names: tuple[str, ...]) -> dict[str, dict[str, float | None]]:
    return {name: (scores or {}).get(name, UNKNOWN).to_json() for name in names}
