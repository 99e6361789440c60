"""What `--json` prints about models: `run`, `report`, `history`.

Not here: filling the documents (`cli.commands.run`, `cli.commands.report`, `cli.commands.promotions`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from migraine_assets.cli.documents.base import Bundle, CommandDocument, Path, Reasons, Time
from migraine_assets.core.metrics.interval import IntervalRecord


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model or a baseline of a task."""

    model: Annotated[str, Meta(description="key of the model or baseline")]
    role: Annotated[
        str | None,
        Meta(description="champion, challenger, refused (by the gate) or baseline"),
    ]
    cv: Annotated[dict[str, IntervalRecord], Meta(description="cross-validated metrics by name, with 95 % intervals")]
    test: Annotated[dict[str, IntervalRecord], Meta(description="metrics on the test participants")]
    flags: Annotated[tuple[str, ...], Meta(description="weaknesses, by name")] = ()
    bundle: Bundle | None = None
    seconds: Annotated[float | None, Meta(description="CPU time of the training")] = None
    error: Annotated[str | None, Meta(description="why training failed")] = None


class TaskTable(msgspec.Struct, frozen=True, kw_only=True):
    """The models and baselines of a task, best first."""

    title: str
    metric: Annotated[str, Meta(description="the metric that ranks the rows, in cross-validation")]
    rows: list[ScoreRow]
    simulated: Annotated[bool, Meta(description="whether the diaries were simulated")] = False
    conclusion: Annotated[str, Meta(description="the champion compared with the personal rate on the test part")] = ""


class ReportDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine report`."""

    tasks: Annotated[dict[str, TaskTable], Meta(description="by task: attack, severity")]
    report: Path
    evaluation: Annotated[str, Meta(description="path of evaluation.json, with every metric")]
    state: Annotated[str, Meta(description="MIGRAINE_HOME")]


class DecisionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion decision."""

    outcome: Annotated[str, Meta(description="promoted, on trial, unchanged, refused or none")]
    reasons: Reasons


class RunDocument(ReportDocument, frozen=True, kw_only=True):
    """`migraine run`."""

    run: Annotated[str, Meta(description="id of the Dagster run")]
    decisions: Annotated[dict[str, DecisionLine], Meta(description="by task")]


class PromotionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion record."""

    id: str
    when: Time
    task: str
    action: Annotated[str, Meta(description="promote, rollback or refuse")]
    effect: Annotated[str, Meta(description="in force, superseded, refused or without effect")]
    from_champion: Bundle | None
    to_champion: Bundle
    who: str
    why: Reasons


class HistoryDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine history`."""

    promotions: Annotated[list[PromotionLine], Meta(description="oldest first")]
