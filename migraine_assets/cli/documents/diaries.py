"""What `--json` prints about diaries: `validate`, `sources`, `data log`.

Not here: filling the documents (`cli.commands.data`, `cli.read_back`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from migraine_assets.cli.documents.base import CommandDocument, Time


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
    """A column of a file, and the field that it was read as."""

    column: str
    field: str
    file: str
    notes: Annotated[tuple[str, ...], Meta(description="how it was converted")] = ()
    examples: Annotated[tuple[tuple[str, str], ...], Meta(description="cells and the values that they became")] = ()


class JoinedFieldLine(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a joined table."""

    field: str
    added: Annotated[int, Meta(description="days whose value is from the table")]
    same: Annotated[int, Meta(description="days on which the diary has the same value")]
    different: Annotated[int, Meta(description="days on which the diary has another value, which was kept")]
    mean_difference: Annotated[float | None, Meta(description="of the different values; null for texts")]


class JoinLine(msgspec.Struct, frozen=True, kw_only=True):
    """A table that was joined to the days of the diary: of a device, a weather service, or the `join` of a mapping."""

    files: tuple[str, ...]
    format: Annotated[str, Meta(description="the recognized export; empty for a table of the mapping")]
    keys: Annotated[tuple[str, ...], Meta(description="participant_id, date or both")]
    joined: Annotated[int, Meta(description="days of the diary with a row of the table")]
    days: Annotated[int, Meta(description="days of the diary to which the table may apply")]
    rows: Annotated[int, Meta(description="rows of the table")]
    unmatched: Annotated[int, Meta(description="rows of the table that are not in the diary")]
    fields: list[JoinedFieldLine]


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or a participant if there is one file only."""

    name: str
    participants: int
    days: int
    attack_days: int
    first_day: str | None
    last_day: str | None


class ReadBackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the diary as it was read, to be checked by a person who knows it."""

    participants: int
    days: int
    first_day: str | None
    last_day: str | None
    attack_days: int
    quiet_days: int
    unknown_days: int
    attack_rate: Annotated[float, Meta(description="of the days with a known outcome")]
    coverage: Annotated[float | None, Meta(description="share of the days between first and last with an entry")]
    groups: list[GroupLine]
    clipped: Annotated[dict[str, int], Meta(description="values moved to a limit, by field")]


class ValidateDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine validate`. For a diary that would be refused, it is printed too, and the exit code is 3."""

    source: str
    md5: str
    rows: int
    accepted: int
    quarantined: int
    horizon: Annotated[int, Meta(description="days between the last known and the predicted day")]
    notes: Annotated[tuple[str, ...], Meta(description="what was ignored or assumed")]
    reasons: list[QuarantineReason]
    checks: list[CheckLine]
    columns: Annotated[list[ColumnLine], Meta(description="the field that each column was read as")]
    joins: Annotated[list[JoinLine], Meta(description="the tables that were joined to the diary")]
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
