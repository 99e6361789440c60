"""`migraine report`: the results of an evaluation as tables, and the paths of reports and state."""

import json
from pathlib import Path
from typing import Any

from migraine_assets.cli.console import out, say, show
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.settings import Settings

# Columns of each task after the model: title, split ("cv" or "test"), metric, whether its interval is shown.
COLUMNS: dict[str, tuple[tuple[str, str, str, bool], ...]] = {
    "attack": (
        ("CV ROC-AUC", "cv", "roc_auc", True),
        ("test ROC-AUC", "test", "roc_auc", True),
        ("within person", "test", "within_person_auc", False),
        ("Brier", "test", "brier", False),
    ),
    "severity": (
        ("CV RMSE", "cv", "rmse", True),
        ("test RMSE", "test", "rmse", True),
        ("MAE", "test", "mae", False),
        ("R2", "test", "r2", False),
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
    """Print a table for each task in `folder`'s evaluation.json. Raises `StoreError` where the file is damaged."""
    path = folder / "evaluation.json"
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise StoreError(f"{path.resolve()} is damaged: {error}. `migraine run` writes a new report.") from error
    for task, section in content.items():
        columns = ("model", *(column[0] for column in COLUMNS[task]), "flags", "CPU s", "role")
        rows = [*_model_rows(task, section), *_baseline_rows(task, section)]
        show(TITLES[task], columns, rows, right=columns[1:-3])


def show_paths(settings: Settings, folder: Path) -> None:
    """Print where the report, the state and the UI are."""
    latest = folder.resolve()
    say(f"Report       {latest / 'index.html'}")
    say(f"Metrics      {latest / 'evaluation.json'}")
    say(f"State        {settings.root}")
    say("Dagster UI   make ui    (http://127.0.0.1:3000, MLflow on http://127.0.0.1:5000)")


def _model_rows(task: str, section: dict[str, Any]) -> list[list[str]]:
    _, split, metric, _ = COLUMNS[task][0]
    sign = -1 if task == "attack" else 1

    def rank(item: tuple[str, dict[str, Any]]) -> tuple[bool, float]:
        value = ((item[1].get(split) or {}).get(metric) or {}).get("value")
        return value is None, sign * (value or 0)

    return [_row(task, key, model, section) for key, model in sorted(section["models"].items(), key=rank)]


def _row(task: str, key: str, model: dict[str, Any], section: dict[str, Any]) -> list[str]:
    cells = _cells(task, model)
    flags = [flag["name"] if isinstance(flag, dict) else str(flag) for flag in model.get("flags", ())]
    summary = "failed" if model.get("error") else ", ".join(_short(flag) for flag in flags)
    roles = {section.get("champion"): "champion", section.get("challenger"): "challenger"}
    return [key, *cells, summary, f"{model.get('seconds') or 0:.1f}", roles.get(key, "")]


def _baseline_rows(task: str, section: dict[str, Any]) -> list[list[str]]:
    return [
        [key.replace("_", " "), *_cells(task, scores), "", "", "baseline"]
        for key, scores in section["baselines"].items()
    ]


def _cells(task: str, scores: dict[str, Any]) -> list[str]:
    return [_cell((scores.get(split) or {}).get(metric), bounds=bounds) for _, split, metric, bounds in COLUMNS[task]]


def _cell(interval: dict[str, float | None] | None, *, bounds: bool) -> str:
    if not interval or interval.get("value") is None:
        return "-"
    low, high = interval.get("ci_low"), interval.get("ci_high")
    shown = f" [{low:.2f} {high:.2f}]" if bounds and low is not None and high is not None else ""
    return f"{interval['value']:.3f}{shown}"


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
