"""A delivery: the rows of a diary as read, and the bytes that they were read from.

Here belong the shapes that every source returns. Not here: reading (`table`), keeping (`stores.assets.deliveries`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from migraine_assets.core.contract import NAMES, PROVENANCE
from migraine_assets.core.dvc_hash import directory_md5, md5

# Why a row may not be used, where that is known when it is read; null for a row that was read well.
READING: tuple[str, ...] = ("unreadable", "superseded")

RAW_COLUMNS: tuple[str, ...] = (*NAMES, *PROVENANCE, *READING)


@dataclass(frozen=True)
class SourceFile:
    """One file as delivered: `content` is the bytes as they lay there, compressed ones still compressed."""

    name: str
    md5: str
    size: int
    content: bytes


@dataclass(frozen=True)
class Delivery:
    """What a source hands over.

    `frame` is the raw frame, in file order: the contract's columns, then `source_file`, `source_row`, then
    `unreadable` (a sentence on cells that could not be read, they are null in the row) and `superseded` (which
    later row replaces this one). `horizon` is 1 for a dated diary and 0 for one without dates. `md5` is what
    DVC records for the same file or folder. `mapping` is the text of the mapping that was applied, if any.
    """

    source: str
    description: str
    frame: pd.DataFrame
    horizon: int
    files: tuple[SourceFile, ...]
    md5: str
    notes: tuple[str, ...] = ()
    mapping: str | None = None


def source_file(name: str, content: bytes) -> SourceFile:
    """A file with its identity."""
    return SourceFile(name, md5(content), len(content), content)


def identity(files: Sequence[SourceFile], *, folder: bool) -> str:
    """The MD5 that DVC records: of the one file, or of the folder that holds exactly `files`."""
    if folder:
        return directory_md5((file.name, file.md5) for file in files)
    (only,) = files
    return only.md5
