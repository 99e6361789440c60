"""What an importer is: a format of exports, recognized by its content, and how it becomes a sheet or a list of attacks.

Not here: the formats (`sources.importers.formats`), their table (`sources.importers.registry`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import AttackList


@dataclass(frozen=True)
class Reader:
    """A format that is not a CSV table. `read` raises `DataRefused` for a damaged file and for one
    beyond the limits.

    `recognizes` gets the uncompressed bytes of a file.
    """

    name: str
    description: str
    recognizes: Callable[[bytes], bool]
    read: Callable[[str, bytes, SourceLimits], Sheet | AttackList]


@dataclass(frozen=True)
class Shape:
    """A table whose rows are not diary days, or which has rows that are not data.

    `keeps_columns`: the result has the columns of the table, so that a mapping names them; otherwise the shape is only
    applied where there is no mapping of columns.
    """

    name: str
    description: str
    recognizes: Callable[[Sheet], bool]
    reshape: Callable[[Sheet], Sheet | AttackList]
    keeps_columns: bool = False
