"""The limits of a source: how much of it is read, and from where.

They are parameters (`sources` in params.yaml). A limit is checked before what it limits is allocated. Not here: reading
(`sources.files.fetch`, `sources.files.reader`).
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from migraine_assets.errors import DataRefused

MIB = 1 << 20


@dataclass(frozen=True)
class SourceLimits:
    """What a delivery may hold at most; sizes are in MiB.

    `files`: diary files. `mib`: all files as delivered. `expanded_mib`: all files after decompression, as text or as
    decoded columns. `expansion`: times that a compressed file may grow beyond its first 16 MiB. `rows`, `columns`,
    `cells`: of one file. `line_kib`: one line of text. `seconds`: for each HTTP file. `private_addresses`: whether an
    HTTP source may be in a private network or on this machine. `redirects`: whether it may refer to another address.
    """

    files: Annotated[int, Ge(1)] = 10_000
    mib: Annotated[int, Ge(1)] = 512
    expanded_mib: Annotated[int, Ge(1)] = 1024
    expansion: Annotated[int, Ge(1)] = 200
    rows: Annotated[int, Ge(1)] = 20_000_000
    columns: Annotated[int, Ge(1)] = 20_000
    cells: Annotated[int, Ge(1)] = 500_000_000
    line_kib: Annotated[int, Ge(1)] = 16_384
    seconds: Annotated[int, Ge(1)] = 300
    private_addresses: bool = False
    redirects: bool = False


DEFAULT = SourceLimits()


def check_table(name: str, *, rows: int, columns: int, limits: SourceLimits) -> None:
    """Raise `DataRefused` if a table of this shape is beyond `limits`."""
    if columns > limits.columns:
        raise exceeded(name, f"has {columns:,} columns", "columns", limits.columns)
    if rows > limits.rows:
        raise exceeded(name, f"has {rows:,} rows", "rows", limits.rows)
    if rows * columns > limits.cells:
        raise exceeded(name, f"has {rows:,} rows of {columns:,} columns", "cells", limits.cells)


def exceeded(name: str, what: str, limit: str, value: int) -> DataRefused:
    """Return the error for a file beyond the limit `limit`."""
    return DataRefused(
        f"{name} {what}; the limit is {value:,}. Check that it is a diary. If it is, raise the limit in params.yaml: "
        f"sources: {{{limit}: ...}}."
    )
