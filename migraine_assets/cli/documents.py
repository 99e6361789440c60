"""What `--json` prints: one document for each command that prints a table.

A document holds whole ids, times in UTC (ISO 8601) and paths as text; null means unknown. `make docs` writes the
reference in docs/cli.md from these types. Not here: filling them (`cli.commands`, `serving.cli`), printing them
(`cli.console`).
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from migraine_assets.core.metrics.interval import IntervalRecord

Path = Annotated[str, Meta(description="absolute path")]
Time = Annotated[str, Meta(description="time, ISO 8601 in UTC")]
Bundle = Annotated[str, Meta(description="hash of a bundle")]
Reasons = Annotated[tuple[str, ...], Meta(description="one sentence each")]


class CommandDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the documents. `format` is raised when a field goes or changes its meaning, not when one is added."""

    format: Annotated[int, Meta(description="format number of this document")] = 1


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model or a baseline of a task."""

    model: Annotated[str, Meta(description="key of the model or baseline")]
    role: Annotated[str | None, Meta(description="champion, challenger or baseline")]
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


class CheckLine(msgspec.Struct, frozen=True, kw_only=True):
    """A check and its result."""

    check: str
    result: Annotated[str, Meta(description="passed, warning, refused or failed")]
    detail: str


class QuarantineReason(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that rows or values of a diary broke."""

    rule: str
    field: str
    what: str
    rows: int
    effect: Annotated[str, Meta(description="quarantined (the row) or nulled (the value)")] = "quarantined"
    share: Annotated[float, Meta(description="share of the rows, or of the known values of the field")] = 0.0
    on_attack_days: Annotated[float, Meta(description="share lost of the days with an attack")] = 0.0
    on_other_days: Annotated[float, Meta(description="share lost of the days without one")] = 0.0


class ColumnLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a column of a file was taken for."""

    column: str
    field: str
    file: str
    notes: Annotated[tuple[str, ...], Meta(description="how it was converted")] = ()
    examples: Annotated[tuple[tuple[str, str], ...], Meta(description="cells and the values that they became")] = ()


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or a participant if there is one file only."""

    name: str
    participants: int
    days: int
    attack_days: int
    first_day: str | None
    last_day: str | None


class ReadBackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, for a person who knows the diary to check."""

    participants: int
    days: int
    first_day: str | None
    last_day: str | None
    attack_days: int
    quiet_days: int
    unknown_days: int
    attack_rate: Annotated[float, Meta(description="of the days with a known outcome")]
    coverage: Annotated[float | None, Meta(description="share of the days between first and last that are there")]
    groups: list[GroupLine]
    clipped: Annotated[dict[str, int], Meta(description="values moved to a limit, by field")]


class ValidateDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine validate`. A diary that would be refused has the exit code 3 and this document too."""

    source: str
    md5: str
    rows: int
    accepted: int
    quarantined: int
    horizon: Annotated[int, Meta(description="days between the last known and the predicted day")]
    notes: Annotated[tuple[str, ...], Meta(description="what was ignored or assumed")]
    reasons: list[QuarantineReason]
    checks: list[CheckLine]
    columns: Annotated[list[ColumnLine], Meta(description="what each column was taken for")]
    read_back: ReadBackRecord


class SourceLine(msgspec.Struct, frozen=True, kw_only=True):
    """A source of diaries."""

    source: str
    description: str


class FieldLine(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a diary."""

    field: str
    role: str
    kind: Annotated[str, Meta(description="number, flag, category, date or string")]
    unit: str
    values: Annotated[tuple[str, ...], Meta(description="of a category")]
    low: float | None
    high: float | None
    meaning: str


class SourcesDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine sources`."""

    sources: list[SourceLine]
    fields: list[FieldLine]


class DiaryLine(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted diary."""

    number: int
    time: Time
    data_version: Annotated[str, Meta(description="MD5, for `migraine run --data-version`")]
    rows: int
    quarantined: int
    source: str


class DataLogDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine data log`."""

    diaries: Annotated[list[DiaryLine], Meta(description="oldest first")]


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


class VerdictLine(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one part of the monitoring."""

    check: str
    task: str
    verdict: str
    rows: int
    reasons: Reasons


class MonitorDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine monitor`."""

    day: Annotated[str, Meta(description="last monitored day, UTC")]
    verdicts: list[VerdictLine]
    page: Path


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """An alert."""

    alert: str
    subject: str
    severity: str
    since: Time
    resolved: Time | None
    seen: Annotated[int, Meta(description="sightings")]
    folded: Annotated[int, Meta(description="sightings since the last message")]
    model: str
    description: str


class UndeliveredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a channel has not accepted."""

    created: Time
    message: str
    channel: str
    attempts: int
    next_attempt: Annotated[str | None, Meta(description="time, ISO 8601 in UTC; null: given up")]
    reason: str


class AlertsDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine alerts list`."""

    open: list[AlertLine]
    resolved: Annotated[list[AlertLine], Meta(description="in the last 7 days")]
    undelivered: list[UndeliveredLine]
    channels: tuple[str, ...]
    log: Path


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """A test message to a channel."""

    channel: str
    result: Annotated[str, Meta(description="delivered or failed")]
    reason: str


class ChannelsDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine alerts test`."""

    channels: list[ChannelLine]


class DoctorDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine doctor`. With a failed check the exit code is 2."""

    checks: list[CheckLine]


class ParameterLine(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter."""

    parameter: Annotated[str, Meta(description="its path in params.yaml, with dots")]
    value: Any
    default: Any
    unit: str
    meaning: str


class ParamsDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine params`."""

    file: Path
    parameters: list[ParameterLine]


class TraceLine(msgspec.Struct, frozen=True, kw_only=True):
    """A place that names a participant."""

    where: str
    what: str
    count: int
    effect: str


class TrainedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was trained on a diary with the participant."""

    bundle: Bundle
    role: str


class EraseDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine erase`. With files that could not be read the exit code is 5."""

    traces: list[TraceLine]
    models: list[TrainedLine]
    unreadable: Annotated[list[str], Meta(description="files that could not be searched, each with what to do")]
    erased: bool
    record: Annotated[str | None, Meta(description="path of the record in the store")]


class KeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """An API key, without the key itself."""

    id: str
    name: str
    created: Time
    revoked: Time | None


class KeysDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine keys list`."""

    keys: list[KeyLine]


class RolloutLine(msgspec.Struct, frozen=True, kw_only=True):
    """A rollout."""

    task: str
    mode: str
    percent: float
    bundle: Bundle
    champion: Bundle
    since: Time
    who: str
    why: str


class RolloutsDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine rollout show`."""

    rollouts: list[RolloutLine]


class RepeatedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A logged output and the output of the same bundle now."""

    task: str
    role: str
    bundle: Bundle
    logged: float | None
    now: float | None
    result: Annotated[str, Meta(description="same, DIFFERENT, or a problem")]


class ReplayDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine replay`."""

    prediction_id: str
    time: Time
    for_date: str | None
    arm: str
    predictions: list[RepeatedLine]


# The document of each command.
DOCUMENTS: dict[str, type[CommandDocument]] = {
    "run": RunDocument,
    "report": ReportDocument,
    "validate": ValidateDocument,
    "sources": SourcesDocument,
    "params": ParamsDocument,
    "data log": DataLogDocument,
    "history": HistoryDocument,
    "monitor": MonitorDocument,
    "alerts list": AlertsDocument,
    "alerts test": ChannelsDocument,
    "erase": EraseDocument,
    "doctor": DoctorDocument,
    "keys list": KeysDocument,
    "rollout show": RolloutsDocument,
    "replay": ReplayDocument,
}
