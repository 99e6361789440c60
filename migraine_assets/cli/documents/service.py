"""What `--json` prints about the service: `keys list`, `rollout show`, `replay`.

Not here: filling the documents (`serving.cli`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from migraine_assets.cli.documents.base import Bundle, CommandDocument, Time


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
