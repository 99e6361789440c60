"""The limits of a source: its size, its reading time and its address.

They are parameters (`sources` in params.yaml). A limit is checked before the memory is allocated. Not here: reading
(`sources.files.fetch`, `sources.files.reader`).
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Unit, doc

from migraine_assets.errors import DataRefused

MIB = 1 << 20


@dataclass(frozen=True)
class SourceLimits:
    """Limits of a delivery."""

    files: Annotated[int, Ge(1), Unit("files"), doc("Maximum number of diary files in a delivery.")] = 10_000
    mib: Annotated[
        int, Ge(1), Unit("MiB"), doc("Maximum total size of the delivered files, without streamed ones.")
    ] = 512
    streamed_mib: Annotated[
        int, Ge(1), Unit("MiB"), doc("Maximum size of a file that is read as a stream: an export of Apple Health.")
    ] = 8192
    expanded_mib: Annotated[
        int, Ge(1), Unit("MiB"), doc("Maximum total size after decompression, as text or decoded columns.")
    ] = 1024
    expansion: Annotated[int, Ge(1), doc("Maximum ratio of expansion beyond the first 16 MiB.")] = 200
    rows: Annotated[int, Ge(1), Unit("rows"), doc("Maximum number of rows of one file.")] = 20_000_000
    columns: Annotated[int, Ge(1), Unit("columns"), doc("Maximum number of columns of one file.")] = 20_000
    cells: Annotated[int, Ge(1), Unit("cells"), doc("Maximum number of cells of one file.")] = 500_000_000
    line_kib: Annotated[int, Ge(1), Unit("KiB"), doc("Maximum length of one line of text.")] = 16_384
    seconds: Annotated[int, Ge(1), Unit("s"), doc("Maximum time for each HTTP file.")] = 300
    private_addresses: Annotated[
        bool, doc("Whether an HTTP source may be in a private network or on this machine.")
    ] = False
    redirects: Annotated[bool, doc("Whether an HTTP source may refer to another address.")] = False


DEFAULT = SourceLimits()


def check_table(name: str, *, rows: int, columns: int, limits: SourceLimits) -> None:
    """Raise `DataRefused` if a table of this shape exceeds `limits`."""
    if columns > limits.columns:
        raise exceeded(name, f"has {columns:,} columns", "columns", limits.columns)
    if rows > limits.rows:
        raise exceeded(name, f"has {rows:,} rows", "rows", limits.rows)
    if rows * columns > limits.cells:
        raise exceeded(name, f"has {rows:,} rows of {columns:,} columns", "cells", limits.cells)


def exceeded(name: str, what: str, limit: str, value: int) -> DataRefused:
    """Return the error for a file that exceeds the parameter `limit` with the value `value`."""
    return DataRefused(
        f"{name} {what}; the limit is {value:,}. Check that it is a diary. If it is, raise the limit in params.yaml: "
        f"sources: {{{limit}: ...}}."
    )
