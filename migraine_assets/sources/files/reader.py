"""From one delivered file to a sheet: a header, and columns that are loaded when asked for.

Here belongs the choice between CSV and Parquet, and Parquet. Not here: CSV (`csv_sheet`), which column is what
(`matching`), nor what a cell means (`coercion`).
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files import encoding
from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.delivery import SourceFile
from migraine_assets.sources.files.sheet import Sheet, one_chunk


def read_sheet(file: SourceFile) -> Sheet:
    """Read the shape of `file`, by its content rather than its name.

    Raises `DataRefused` where it has no rows or is no table.
    """
    content = encoding.uncompressed(file.name, file.content)
    if content.startswith(encoding.PARQUET_MAGIC):
        return _parquet(file.name, content)
    if not content or content.isspace():
        raise DataRefused(f"{file.name} is empty. Deliver a file with a header and at least one row.")
    body, remark = encoding.utf8(file.name, content)
    sheet = csv_sheet(file.name, body, notes=(remark,) if remark else ())
    if not len(sheet.lines):
        raise DataRefused(f"{file.name} has a header but no rows. Deliver a file with at least one diary day.")
    return sheet


def _parquet(name: str, content: bytes) -> Sheet:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        rows = file.metadata.num_rows
        header = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise DataRefused(f"{name} is a damaged Parquet file ({error}). Write it again.") from error
    if not rows:
        raise DataRefused(f"{name} has columns but no rows. Deliver a file with at least one diary day.")

    def load(positions: Sequence[int]) -> list[pa.Array]:
        try:
            table = file.read(columns=[header[position] for position in positions])
        except (pa.ArrowException, OSError) as error:
            raise DataRefused(f"{name} is a damaged Parquet file ({error}). Write it again.") from error
        return [one_chunk(table.column(header[position])) for position in positions]

    return Sheet(name, header, np.arange(1, rows + 1, dtype=np.int64), {}, load)
