"""The tables of models that `migraine report` and `migraine run` print: their columns, rows and flags.

Not here: the other output of these commands (`cli.commands.report`, `cli.commands.run`), the layout of tables
(`cli.tables`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from migraine_assets.cli.console import say, show
from migraine_assets.cli.documents.evaluation import ScoreRow, TaskTable
from migraine_assets.errors import StoreError

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

    def estimate(self, row: ScoreRow) -> "IntervalRecord":
        """Return the metric in the scores of a model or baseline."""
        return (row.cv if self.split == "cv" else row.test)[self.metric]


# The first column ranks the models. With name and role, a row fits into 80 characters.
COLUMNS = {
    "attack": (
        Column("CV ROC-AUC", "cv", "roc_auc", bounds=True),
        Column("test ROC-AUC", "test", "roc_auc", bounds=True),
        Column("within", "test", "within_person_auc"),
        Column("Brier", "test", "brier"),
    ),
    "severity": (
        Column("CV RMSE", "cv", "rmse", bounds=True),
        Column("test RMSE", "test", "rmse", bounds=True),
        Column("MAE", "test", "mae"),
        Column("R2", "test", "r2"),
    ),
}
TITLES = {"attack": "Will there be an attack?", "severity": "How bad will it be?"}
SIMULATED = "Simulated diaries: these results demonstrate the platform and are no evidence about migraine."
LEGEND = (
    "CV: cross-validated. Ranges: 95 % intervals over participants (of a single one, over weeks). "
    "within: ROC-AUC within a participant."
)


def read_tables(folder: Path) -> dict[str, TaskTable]:
    """Return the table of each task in `folder`'s evaluation.json. Raises `StoreError` if the file is damaged."""
    from migraine_assets.report.evaluation_json import load
    from migraine_assets.stores.documents import UNREADABLE

    path = folder / "evaluation.json"
    try:
        sections = load(path.read_bytes())
    except UNREADABLE as error:
        raise StoreError(f"{path.resolve()} is damaged: {error}. `migraine run` writes a new report.") from error
    return {
        task: TaskTable(
            title=TITLES[task],
            metric=COLUMNS[task][0].metric,
            rows=_ranked(task, section),
            simulated=section.simulated,
            conclusion=section.conclusion,
        )
        for task, section in sections.items()
    }


def show_tables(tasks: Mapping[str, TaskTable]) -> None:
    """Print a table for each task, one line per model, and below it the models with each flag."""
    for task, table in tasks.items():
        columns = ("model", *(column.title for column in COLUMNS[task]), "role")
        rows = [[_name(row), *_cells(task, row), row.role or ""] for row in table.rows]
        show(table.title, columns, rows, right=columns[1:-1])
        if table.conclusion:
            refused = any(row.role == "refused" for row in table.rows)
            say(f"{'Refused model' if refused else 'Champion'}, test part: {table.conclusion}")
        flags = list(_flags(table.rows))
        if flags:
            say("")
            show("Flags", ("flag", "models"), flags, text=("models",))
        say("")
    say(LEGEND)
    if any(table.simulated for table in tasks.values()):
        say(SIMULATED)


def _ranked(task: str, section: "TaskSection") -> list[ScoreRow]:
    """Return models and baselines, the best cross-validated score first, those without a score last."""
    first, sign = COLUMNS[task][0], -1 if task == "attack" else 1
    rows = [_model_row(key, model, section.roles.get(key)) for key, model in section.models.items()]
    rows += [_baseline_row(key, baseline) for key, baseline in section.baselines.items()]

    def rank(row: ScoreRow) -> tuple[bool, float]:
        value = first.estimate(row).value
        return value is None, sign * (value or 0)

    return sorted(rows, key=rank)


def _model_row(key: str, model: "ModelSection", role: str | None) -> ScoreRow:
    return ScoreRow(
        model=key,
        role=role,
        cv=model.cv,
        test=model.test,
        flags=model.flags,
        bundle=model.bundle,
        seconds=model.seconds,
        error=model.error,
    )


def _baseline_row(key: str, baseline: "BaselineSection") -> ScoreRow:
    return ScoreRow(model=key, role="baseline", cv=baseline.cv, test=baseline.test)


def _name(row: ScoreRow) -> str:
    return row.model.replace("_", " ") if row.role == "baseline" else row.model


def _cells(task: str, row: ScoreRow) -> list[str]:
    return [_cell(column.estimate(row), bounds=column.bounds) for column in COLUMNS[task]]


def _cell(estimate: "IntervalRecord", *, bounds: bool) -> str:
    if estimate.value is None:
        return "-"
    low, high = estimate.ci_low, estimate.ci_high
    interval = f" {low:.2f}-{high:.2f}" if bounds and low is not None and high is not None else ""
    return f"{estimate.value:.3f}{interval}"


def _flags(rows: Sequence[ScoreRow]) -> Iterator[tuple[str, str]]:
    """Yield each flag in words, and the models that have it; first the models that failed."""
    names: dict[str, list[str]] = {}
    for row in rows:
        for flag in ("failed",) if row.error else row.flags:
            names.setdefault(flag, []).append(row.model)
    models = sum(row.role != "baseline" for row in rows)
    for flag, flagged in names.items():
        yield flag.replace("_", " "), "all models" if len(flagged) == models else ", ".join(flagged)
