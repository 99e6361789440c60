"""`migraine report`: the results of an evaluation as tables, and the paths of reports and state."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from migraine_assets.cli.console import out, say, show
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.settings import Settings

if TYPE_CHECKING:
    from migraine_assets.core.metrics.interval import IntervalRecord
    from migraine_assets.report.evaluation_json import BaselineSection, ModelSection, TaskSection


@dataclass(frozen=True)
class Column:
    """A metric of one split; `bounds` shows its interval."""

    title: str
    split: Literal["cv", "test"]
    metric: str
    bounds: bool = False

    def estimate(self, scores: "ModelSection | BaselineSection") -> "IntervalRecord":
        """Return the metric in the scores of a model or baseline."""
        return (scores.cv if self.split == "cv" else scores.test)[self.metric]


COLUMNS = {
    "attack": (
        Column("CV ROC-AUC", "cv", "roc_auc", bounds=True),
        Column("test ROC-AUC", "test", "roc_auc", bounds=True),
        Column("within person", "test", "within_person_auc"),
        Column("Brier", "test", "brier"),
    ),
    "severity": (
        Column("CV RMSE", "cv", "rmse", bounds=True),
        Column("test RMSE", "test", "rmse", bounds=True),
        Column("MAE", "test", "mae"),
        Column("R2", "test", "r2"),
    ),
}
# Abbreviations of flags for the table; the report spells them out.
SHORT = {
    "overfitting": "overfit",
    "underfitting": "underfit",
    "calibration_slope": "slope",
    "calibration_intercept": "intercept",
    "too_good_to_be_true": "too good",
    "not_better_than_": "\u2248 ",
    "worse_than_": "< ",
}
TITLES = {"attack": "Will there be an attack?", "severity": "How bad will it be?"}


def report() -> None:
    """Show the results of the latest evaluation and where its report is."""
    settings = Settings()
    latest = settings.reports / "latest"
    if not (latest / "evaluation.json").exists():
        raise ConfigurationError(f"There is no report in {settings.reports} yet: start with `migraine run`.")
    show_tables(latest)
    show_paths(settings, latest)


def show_tables(folder: Path) -> None:
    """Print a table for each task in `folder`'s evaluation.json. Raises `StoreError` if the file is damaged."""
    from migraine_assets.report.evaluation_json import load
    from migraine_assets.stores.documents import UNREADABLE

    path = folder / "evaluation.json"
    try:
        sections = load(path.read_bytes())
    except UNREADABLE as error:
        raise StoreError(f"{path.resolve()} is damaged: {error}. `migraine run` writes a new report.") from error
    for task, section in sections.items():
        columns = ("model", *(column.title for column in COLUMNS[task]), "flags", "CPU s", "role")
        rows = [*_model_rows(task, section), *_baseline_rows(task, section)]
        show(TITLES[task], columns, rows, right=columns[1:-3])


def show_paths(settings: Settings, folder: Path) -> None:
    """Print where the report, the state and the UI are."""
    latest = folder.resolve()
    say(f"Report       {latest / 'index.html'}")
    say(f"Metrics      {latest / 'evaluation.json'}")
    say(f"State        {settings.root}")
    say("Dagster UI   make ui    (http://127.0.0.1:3000, MLflow on http://127.0.0.1:5000)")


def _model_rows(task: str, section: "TaskSection") -> list[list[str]]:
    first = COLUMNS[task][0]
    sign = -1 if task == "attack" else 1

    def rank(item: "tuple[str, ModelSection]") -> tuple[bool, float]:
        value = first.estimate(item[1]).value
        return value is None, sign * (value or 0)

    return [_row(task, key, model, section) for key, model in sorted(section.models.items(), key=rank)]


def _row(task: str, key: str, model: "ModelSection", section: "TaskSection") -> list[str]:
    summary = "failed" if model.error else ", ".join(_short(flag) for flag in model.flags)
    roles = {section.champion: "champion", section.challenger: "challenger"}
    return [key, *_cells(task, model), summary, f"{model.seconds or 0:.1f}", roles.get(key, "")]


def _baseline_rows(task: str, section: "TaskSection") -> list[list[str]]:
    return [
        [key.replace("_", " "), *_cells(task, baseline), "", "", "baseline"]
        for key, baseline in section.baselines.items()
    ]


def _cells(task: str, scores: "ModelSection | BaselineSection") -> list[str]:
    return [_cell(column.estimate(scores), bounds=column.bounds) for column in COLUMNS[task]]


def _cell(estimate: "IntervalRecord", *, bounds: bool) -> str:
    if estimate.value is None:
        return "-"
    low, high = estimate.ci_low, estimate.ci_high
    interval = f" [{low:.2f} {high:.2f}]" if bounds and low is not None and high is not None else ""
    return f"{estimate.value:.3f}{interval}"


def _short(flag: str) -> str:
    for long, short in SHORT.items():
        flag = flag.replace(long, short)
    return flag.replace("_", " ")


def show_decisions(decisions: list[tuple[str, str, str]]) -> None:
    """Print each promotion decision: task, outcome, reasons."""
    for task, outcome, why in decisions:
        style = {"promoted": "green", "on trial": "cyan", "unchanged": "", "refused": "yellow", "none": "red"}[outcome]
        out().print(f"[bold]{task}[/]: [{style or 'default'}]{outcome}[/]. ", end="")
        say(why)
