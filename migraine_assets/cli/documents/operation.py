"""What `--json` prints about the operation: `monitor`, `alerts`, `doctor`, `params`, `erase`.

Not here: filling the documents (the modules of these names in `cli.commands`).
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from migraine_assets.cli.documents.base import Bundle, CommandDocument, Path, Reasons, Time
from migraine_assets.cli.documents.diaries import CheckLine


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
    seen: Annotated[int, Meta(description="number of sightings")]
    folded: Annotated[int, Meta(description="sightings since the last message")]
    model: str
    description: str


class UndeliveredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a channel has not accepted."""

    created: Time
    message: str
    channel: str
    attempts: int
    next_attempt: Annotated[str | None, Meta(description="time, ISO 8601 in UTC; null: no more attempts")]
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
    """`migraine doctor`. The exit code is 2 if a check failed."""

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
    """`migraine erase`. The exit code is 5 if files could not be read."""

    traces: list[TraceLine]
    models: list[TrainedLine]
    unreadable: Annotated[list[str], Meta(description="files that could not be searched, each with what to do")]
    erased: bool
    record: Annotated[str | None, Meta(description="path of the record in the store")]
