"""The sheet: the content of one delivered file, independent of its format.

Not here: reading a file (`sources.files.reader`), the meaning of its columns (`sources.columns`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Load = Callable[[Sequence[int]], list[pa.Array]]


@dataclass(frozen=True)
class Sheet:
    """The content of one file.

    `load` returns columns, by position, as Arrow arrays of `len(lines)` cells. `lines`: physical line (CSV) or row
    number (Parquet) of each row. `problems`: by row index, the reason why a row could not be divided into cells; all
    its cells are null. `decimal_comma`: whether a comma may be a decimal separator. `day_first`: whether the day comes
    first in dates such as 3/4/2024; None if no mapping states it.
    """

    file: str
    header: tuple[str, ...]
    lines: NDArray[np.int64]
    problems: dict[int, str]
    load: Load
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()
    day_first: bool | None = None


def one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of a table as one array, with dictionaries decoded."""
    combined = column.combine_chunks()
    plain = combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined
    return plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
