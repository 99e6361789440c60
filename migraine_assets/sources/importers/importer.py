"""The two kinds of importers: readers of files that are not CSV, and shapes of tables that are not diary days.

Not here: the formats (`sources.importers.formats`), their table (`sources.importers.registry`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import AttackList


@dataclass(frozen=True)
class Reader:
    """A file format other than a CSV table.

    `recognizes` takes the uncompressed bytes of a file. `read` raises `DataRefused` for a file that is damaged or
    exceeds the limits.
    """

    name: str
    description: str
    recognizes: Callable[[bytes], bool]
    read: Callable[[str, bytes, SourceLimits], Sheet | AttackList]


@dataclass(frozen=True)
class Shape:
    """A table with rows other than diary days, for example attacks or a second header.

    `keeps_columns`: whether the result has the same columns as the table, so that a mapping can name them. A shape that
    does not keep them applies only without a mapping of columns.
    """

    name: str
    description: str
    recognizes: Callable[[Sheet], bool]
    reshape: Callable[[Sheet], Sheet | AttackList]
    keeps_columns: bool = False
