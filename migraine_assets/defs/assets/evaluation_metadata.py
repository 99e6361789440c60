"""Metadata of an evaluation in the Dagster UI: the comparison, the figures, the decision and links.

All of it is read from the report, so a cached evaluation shows the same. Not here: metadata of the other assets
(`defs.metadata`).
"""

import re
from pathlib import Path

import dagster as dg

from migraine_assets.core.evaluation.results import HEADLINE
from migraine_assets.core.metrics.formatting import number
from migraine_assets.core.tasks import Task
from migraine_assets.defs.metadata import Metadata, bullets, figure, mlflow_link, report_links, table
from migraine_assets.defs.refs import EvaluationRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.report.evaluation_json import BaselineSection, ModelSection, TaskSection
from migraine_assets.report.text.labels import title
from migraine_assets.report.writer import figures, section

# Heading, split and metric of each column of the comparison.
Column = tuple[str, str, str]
COLUMNS: dict[Task, tuple[Column, ...]] = {
    "attack": (
        ("CV ROC-AUC", "cv", "roc_auc"),
        ("test ROC-AUC", "test", "roc_auc"),
        ("within person", "test", "within_person_auc"),
        ("Brier", "test", "brier"),
        ("sensitivity", "test", "recall"),
        ("PPV", "test", "precision"),
    ),
    "severity": (
        ("CV RMSE", "cv", "rmse"),
        ("test RMSE", "test", "rmse"),
        ("MAE", "test", "mae"),
        ("R²", "test", "r2"),
    ),
}
# Short names: the page gives the longest of them its width, and the values the rest.
TRENDS = ("roc_auc", "brier", "recall", "precision", "rmse", "mae", "r2")
FIGURES = {
    "comparison": "intervals",
    "roc": "ROC",
    "calibration": "Calibration",
    "predicted": "predicted",
    "errors": "errors",
}


def evaluation_metadata(task: Task, value: EvaluationRef, workspace: Workspace, *, cached: bool) -> Metadata:
    """Return the decision with its reasons, the comparison, the figures, and links to the report and to MLflow."""
    report = Path(value.report)
    content, images = section(report, task), figures(report, task)
    return {
        "summary": _first_sentences(value.headline) + (" (cached evaluation)" if cached else ""),
        "conclusion": value.headline,
        **_best(value, refused=content is not None and content.refused),
        "decision": bullets(value.reasons),
        **report_links(workspace, report / f"{task}.html"),
        **mlflow_link(workspace, task, value.mlflow_run),
        **({"comparison": _comparison(task, content)} if content else {}),
        **{name: figure(workspace, images[key], name) for key, name in FIGURES.items() if key in images},
        **(_trends(content) if content else {}),
        "reused": cached,
    }


def _best(value: EvaluationRef, *, refused: bool) -> Metadata:
    best, second = (chosen.key if chosen else "none" for chosen in (value.champion, value.challenger))
    return {"champion": "unchanged", "refused": best} if refused else {"champion": best, "challenger": second}


def _first_sentences(text: str) -> str:
    """Return the first two sentences: the result in words, without the statistics."""
    return " ".join(re.split(r"(?<=[.]) (?=[A-Z])", text)[:2])


def _comparison(task: Task, content: TaskSection) -> dg.TableMetadataValue:
    """Return the table of all models, best first, then the baselines."""
    models = [(title(key), content.roles.get(key, ""), *_cells(task, model)) for key, model in ranked(task, content)]
    baselines = [(title(key), "baseline", *_cells(task, scores)) for key, scores in content.baselines.items()]
    return table(("model", "role", *(head for head, _, _ in COLUMNS[task])), [*models, *baselines])


def ranked(task: Task, content: TaskSection) -> list[tuple[str, ModelSection]]:
    """Return the models by cross-validation, best first, and failed ones last."""
    name, sign = HEADLINE[task], -1 if task == "attack" else 1

    def rank(item: tuple[str, ModelSection]) -> tuple[bool, float]:
        value = item[1].cv[name].value
        return value is None, sign * (value or 0.0)

    return sorted(content.models.items(), key=rank)


def _cells(task: Task, scores: ModelSection | BaselineSection) -> list[str]:
    return [number((scores.cv if split == "cv" else scores.test)[name].value) for _, split, name in COLUMNS[task]]


def _trends(content: TaskSection) -> dict[str, float]:
    """Return the champion's test scores as numbers, which the UI plots over the materializations."""
    best = content.models[content.champion].test if content.champion else {}
    return {f"test {name}": one.value for name in TRENDS if (one := best.get(name)) and one.value is not None}
