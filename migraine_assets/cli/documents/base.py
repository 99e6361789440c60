"""The base of the documents that `--json` prints, and the types of their fields.

A document contains full ids, times in UTC (ISO 8601) and paths as text; null means unknown. Not here: the documents
(the other modules of `cli.documents`), printing them (`cli.console`).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Path = Annotated[str, Meta(description="absolute path")]
Time = Annotated[str, Meta(description="time, ISO 8601 in UTC")]
Bundle = Annotated[str, Meta(description="hash of a bundle")]
Reasons = Annotated[tuple[str, ...], Meta(description="one sentence each")]


class CommandDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the documents. `format` is raised when a field is removed or changes its meaning, not for a new field."""

    format: Annotated[int, Meta(description="format number of this document")] = 1
