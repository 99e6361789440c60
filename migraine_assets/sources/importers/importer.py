"""The two kinds of importers: readers of files that are not CSV, and shapes of tables that are not diary days.

An import is a sheet, a list of attacks, or a side table.
Not here: the formats (`sources.importers.formats`), their table (`sources.importers.registry`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import AttackList
from migraine_assets.sources.importers.side_table import SideTable


class NoDiary(DataRefused):
    """A readable file that is not a diary. It is left out if there is a diary beside it, and refused otherwise."""


@dataclass(frozen=True)
class Reader:
    """A file format other than a CSV table.

    `recognizes` takes the uncompressed bytes of a file. `read` raises `DataRefused` for a file that is damaged or
    exceeds the limits. `stream`: the same for a file that does not fit into memory; its first bytes are then enough for
    `recognizes`.
    """

    name: str
    description: str
    recognizes: Callable[[bytes], bool]
    read: Callable[[str, bytes, SourceLimits], Sheet | AttackList | SideTable]
    stream: Callable[[str, BinaryIO, SourceLimits], Sheet | AttackList | SideTable] | None = None


@dataclass(frozen=True)
class Shape:
    """A table with rows other than diary days, for example attacks or a second header.

    `keeps_columns`: whether the result has the same columns as the table, so that a mapping can name them. A shape that
    does not keep them applies only where a mapping names no column except those in `keeps`.
    """

    name: str
    description: str
    recognizes: Callable[[Sheet], bool]
    reshape: Callable[[Sheet], Sheet | AttackList | SideTable]
    keeps_columns: bool = False
    keeps: tuple[str, ...] = ()
