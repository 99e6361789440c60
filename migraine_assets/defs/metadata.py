"""Metadata of assets and checks in the Dagster UI: summaries, tables, column schemas, plots and links.

Not here: the metadata of an evaluation (`defs.assets.evaluation_metadata`) and of monitoring
(`defs.monitoring.metadata`).
"""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from migraine_assets.core.features.outcome import described
from migraine_assets.core.tasks import Task
from migraine_assets.defs.refs import ChampionRef, DeliveryInfo, DiaryRef, EvaluationRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.defs.summaries import COLUMNS, column_summaries
from migraine_assets.printable import markdown, printable
from migraine_assets.stores.assets.frames import FrameRef
from migraine_assets.stores.tracking.experiments import UI_VIEW, attempt

Metadata = dict[str, Any]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.TableMetadataValue:
    """Return a table of text for the Dagster UI."""
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in columns])
    records = [dg.TableRecord({name: _cell(cell) for name, cell in zip(columns, row, strict=True)}) for row in rows]
    return dg.MetadataValue.table(records=records, schema=schema)


def bullets(lines: Sequence[str]) -> dg.MarkdownMetadataValue:
    """Return a list for the Dagster UI. The lines may quote a delivery, so Markdown in them is escaped."""
    return dg.MetadataValue.md("\n".join(f"- {markdown(line)}" for line in lines) or "none")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def frame_metadata(ref: FrameRef, frame: pd.DataFrame, *, summary: str, descriptions: Mapping[str, str]) -> Metadata:
    """Return the number of rows, the column schema and a summary of each column of a frame.

    Dagster stores metadata in its database, so they contain only aggregates and no rows.
    """
    columns = [dg.TableColumn(name, str(frame[name].dtype), descriptions.get(name)) for name in frame.columns]
    return {
        "summary": summary,
        "dagster/row_count": ref.rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "columns": table(COLUMNS, column_summaries(frame)),
    }


def diary_metadata(value: DiaryRef, frame: pd.DataFrame, *, summary: str) -> Metadata:
    """Return the content of a diary, its origin and the changes made to it."""
    descriptions = {field.name: field.description for field in value.fields}
    metadata = frame_metadata(value.frame, frame, summary=summary, descriptions=descriptions)
    metadata |= delivery_metadata(value.delivery)
    metadata["participants"] = int(frame["participant_id"].nunique())
    if value.columns:
        metadata["changes"] = table(value.columns, value.actions)
    return metadata


def delivery_metadata(delivery: DeliveryInfo) -> Metadata:
    """Return the origin of a diary."""
    return {
        "source": delivery.description,
        "data version (MD5)": delivery.md5,
        "horizon (days)": delivery.horizon,
        "outcome": described(delivery.outcome, horizon=delivery.horizon),
        "days": f"{delivery.first_day} to {delivery.last_day}" if delivery.first_day else "no dates",
        "notes": bullets(delivery.notes),
    }


def actions_table(frame: pd.DataFrame) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return a small frame as columns and rows of text, for a reference."""
    text = frame.astype(object).where(frame.notna(), "").astype(str)
    return tuple(map(str, frame.columns)), tuple(text.itertuples(index=False, name=None))


def figure(workspace: Workspace, svg: Path, title: str) -> dg.MarkdownMetadataValue:
    """Return an image for the Dagster UI.

    The UI shows Markdown of less than 1,000 characters in the page and hides longer text behind a button. So the image
    is a link to the file if the reports have an address, and contains the file otherwise.
    """
    source = report_address(workspace, svg)
    return dg.MetadataValue.md(f"![{title}]({source or _data_uri(svg)})")


def _data_uri(svg: Path) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.read_bytes()).decode()}"


def report_address(workspace: Workspace, file: Path) -> str | None:
    """Return the HTTP address of a file of the reports, or None if no server publishes them."""
    if workspace.reports_address is None or not file.is_relative_to(workspace.reports):
        return None
    return f"{workspace.reports_address}/{file.relative_to(workspace.reports).as_posix()}"


def report_links(workspace: Workspace, page: Path) -> Metadata:
    """Return the address of a page of the reports, if it has one, and its file.

    Both, because browsers refuse links from HTTP to a file.
    """
    file: Metadata = {"report file": dg.MetadataValue.path(str(page))}
    address = report_address(workspace, page)
    return {"report": dg.MetadataValue.url(address)} | file if address else file


def mlflow_link(workspace: Workspace, task: Task, run: str | None) -> Metadata:
    """Return a link to a task's run in the MLflow UI, or the run's id if the UI's address or MLflow is unavailable."""
    if run is None or workspace.mlflow_address is None:
        return {"MLflow run": run or "not logged"}
    # A failure was reported when the run was to be logged.
    experiment = attempt(workspace.tracker(task).prepare, warn=lambda _: None)
    if experiment is None:
        return {"MLflow run": run}
    page = f"{workspace.mlflow_address}/#/experiments/{experiment}/runs/{run}{UI_VIEW}"
    return {"MLflow run": dg.MetadataValue.url(page)}


def model_metadata(model: ModelRef, workspace: Workspace, *, cached: bool) -> Metadata:
    """Return the scores, parameters and bundle of a model."""
    metadata: Metadata = {
        "summary": f"{_summary(model)}{' (cached model)' if cached else ''}",
        "estimator": model.used,
        "parameters": dg.MetadataValue.json(dict(model.params)),
        "CPU seconds": round(model.seconds, 2),
        "reused": cached,
    }
    if model.error:
        return metadata | {"error": dg.MetadataValue.text(printable(model.error))}
    rows = [(name, *figures, model.train.get(name, (None,))[0]) for name, figures in model.cv.items()]
    metadata["cross-validated"] = table(("metric", "value", "ci_low", "ci_high", "training rows"), rows)
    metadata["lead over baseline"] = table(
        ("baseline", "lead", "ci_low", "ci_high"), [(name, *lead) for name, lead in model.lead.items()]
    )
    metadata["flags"] = bullets([flag.reason for flag in model.flags])
    metadata["bundle"] = model.bundle or ""
    metadata |= mlflow_link(workspace, "attack" if model.task == "attack" else "severity", model.mlflow_run)
    return metadata | {name: float(figures[0]) for name, figures in model.cv.items() if figures[0] is not None}


def _summary(model: ModelRef) -> str:
    if model.error:
        return f"failed: {model.error}"
    name, title = ("roc_auc", "ROC-AUC") if model.task == "attack" else ("rmse", "RMSE")
    value, low, high = model.cv[name]
    ends = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return f"{title} {value:.3f}{ends} cross-validated, {model.seconds:.1f} CPU s" if value is not None else "no score"


def champion_metadata(value: ChampionRef, evaluation: EvaluationRef) -> Metadata:
    """Return the promotion with its reasons: the current champion, and the candidate if it is another bundle."""
    best = evaluation.champion
    candidate = {"candidate": best.key, "candidate bundle": best.bundle} if best and best.bundle != value.bundle else {}
    return candidate | {
        "summary": f"{value.outcome}: {' '.join(value.reasons)}",
        "outcome": value.outcome,
        "champion bundle": value.bundle or "none",
        "challenger bundle": value.challenger or "none",
        "algorithm": value.algorithm or "none",
        "promotion record": value.record or "none",
    }
