"""A sheet: what one delivered file holds, whatever its format.

Here belongs the shape between reading a file (`reading`, `csv_sheet`) and giving its columns a meaning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Load = Callable[[Sequence[int]], list[pa.Array]]


@dataclass(frozen=True)
class Sheet:
    """One file: `load` gives columns by position as Arrow arrays of `len(lines)` cells.

    `lines` is the physical line (CSV) or the row number (Parquet) of each row, `complaints` says why the rows
    at those positions could not be divided into cells (all their cells are null), `decimal_comma` whether a
    comma may be a decimal point.
    """

    file: str
    header: tuple[str, ...]
    lines: NDArray[np.int64]
    complaints: dict[int, str]
    load: Load
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()


def one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """A column of a table as one plain array."""
    whole = column.combine_chunks()
    plain = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    return plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
