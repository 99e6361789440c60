"""The delivery that every source returns: the rows of a diary, and the files that they were read from.

Not here: reading (`sources.table`), storage (`stores.assets.delivery_files`).
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT, PROVENANCE, Contract
from migraine_assets.core.dvc_hash import directory_md5, md5, md5_of

# Columns added on reading: why a row cannot be used (null for a usable row), and which of its cells became null.
READING: tuple[str, ...] = ("unreadable", "superseded", "nulled")


def raw_columns(contract: Contract) -> tuple[str, ...]:
    """Return the columns of a raw frame with the fields of `contract`."""
    return (*contract.names(), *PROVENANCE, *READING)


RAW_COLUMNS: tuple[str, ...] = raw_columns(CONTRACT)


Opener = Callable[[], BinaryIO]
# Number of bytes from which the format of a file is recognized.
HEAD = 65_536
# An export of Apple Health, which is read as a stream, has this in its first bytes.
STREAMED_MARK = b"<HealthData"


@dataclass(frozen=True)
class SourceFile:
    """One file as delivered, still compressed if it was compressed.

    `stored`: its bytes or, for a large file, a function that opens it. `md5` is empty for a large member of an archive.
    """

    name: str
    md5: str
    size: int
    stored: bytes | Opener = field(repr=False)

    @property
    def content(self) -> bytes:
        """The content of the file."""
        if isinstance(self.stored, bytes):
            return self.stored
        with self.stored() as file:
            return file.read()

    def head(self) -> bytes:
        """Return the first bytes."""
        if isinstance(self.stored, bytes):
            return self.stored[:HEAD]
        with self.stored() as file:
            return file.read(HEAD)

    def open(self) -> BinaryIO:
        """Return the content as a stream, which the caller must close."""
        return io.BytesIO(self.stored) if isinstance(self.stored, bytes) else self.stored()


@dataclass(frozen=True)
class ReadColumn:
    """The reading of a column: its field, notes on its conversion, and examples as pairs (cell, value).

    `stated`: whether the mapping, the header or the cells state its unit or coding. `unit`: the guessed unit.
    """

    field: str
    column: str
    file: str
    notes: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    stated: bool = False
    unit: str | None = None


@dataclass(frozen=True)
class JoinedField:
    """The values of one field that come from a side table.

    `added`: days whose value is from the side table. `same`, `different`: days on which the diary has that value, or
    another one, which was kept. `mean_difference`: of the different values; None for texts, or if there are none.
    """

    field: str
    added: int
    same: int = 0
    different: int = 0
    mean_difference: float | None = None


@dataclass(frozen=True)
class JoinedTable:
    """The join of a side table, which may have several files, to the days of a diary.

    `keys`: `participant_id`, `date` or both. `joined`: days of the diary with a row of the table, among the `days` to
    which it may apply. `unmatched`: the rows of the table, of `rows`, that are not in the diary.
    """

    files: tuple[str, ...]
    format: str
    keys: tuple[str, ...]
    joined: int
    days: int
    rows: int
    unmatched: int
    fields: tuple[JoinedField, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """The result of reading a source.

    `frame`: the raw frame in file order, with the columns of the contract, then `source_file`, `source_row`, then
    `unreadable` (a message on an unreadable line, key or outcome), `superseded` (the later row that replaces this one)
    and `nulled` (a line for each other unreadable cell, beginning with the field; the cell is null). `horizon`: 1 for a
    dated diary, 0 without dates. `md5`: the hash that DVC records for the same file or folder. `mapping`: the text of
    the applied mapping, if any. `columns`: the readings of all columns; empty for the synthetic source.
    `joined`: the joined side tables. `joined_participants`: their participants, who need not be in the diary.
    """

    source: str
    description: str
    frame: pd.DataFrame
    horizon: int
    files: tuple[SourceFile, ...]
    md5: str
    notes: tuple[str, ...] = ()
    mapping: str | None = None
    columns: tuple[ReadColumn, ...] = ()
    joined_participants: frozenset[str] = frozenset()
    joined: tuple[JoinedTable, ...] = ()


def source_file(name: str, content: bytes) -> SourceFile:
    """Return a file with its MD5 and size."""
    return SourceFile(name, md5(content), len(content), content)


def stored_file(name: str, opener: Opener) -> SourceFile:
    """Return a file that is opened for each reading, with its MD5 and size."""
    with opener() as file:
        digest, size = md5_of(file)
    return SourceFile(name, digest, size, opener)


def identity(files: Sequence[SourceFile], *, folder: bool) -> str:
    """Return the MD5 that DVC records for the single file, or for a folder of exactly `files`."""
    if folder:
        return directory_md5((file.name, file.md5) for file in files)
    (only,) = files
    return only.md5


def with_columns_of(delivery: Delivery, contract: Contract) -> Delivery:
    """Return `delivery` with the columns of `contract`, with nulls for fields that its source does not have.

    Columns that are not in the contract are left out and listed in a note.
    """
    missing = [item for item in contract.fields if item.name not in delivery.frame]
    expected = raw_columns(contract)
    others = [str(name) for name in delivery.frame if name not in expected]
    if not missing and not others:
        return delivery
    empty = {
        item.name: pd.Series(np.nan, delivery.frame.index, object if item.categories else float) for item in missing
    }
    frame = delivery.frame.assign(**empty)
    notes = (f"Left out, since the diary contract has no such field: {', '.join(others)}.",) if others else ()
    return replace(delivery, frame=frame[list(expected)], notes=(*delivery.notes, *notes))
