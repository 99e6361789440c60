"""Reading of one delivered file, CSV or Parquet, as a sheet: a header, and columns that are loaded on demand.

Not here: CSV (`sources.files.csv_reader`), the meaning of columns and cells (`sources.columns`).
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
    """Read `file`; its format is determined by its content, not its name.

    Raises `DataRefused` if it has no rows or is not a table.
    """
    content = encoding.uncompressed(file.name, file.content)
    if content.startswith(encoding.PARQUET_MAGIC):
        return _parquet(file.name, content)
    if not content or content.isspace():
        raise DataRefused(f"{file.name} is empty. Provide a file with a header and at least one row.")
    body, note = encoding.utf8(file.name, content)
    sheet = csv_sheet(file.name, body, notes=(note,) if note else ())
    if not len(sheet.lines):
        raise DataRefused(f"{file.name} has a header but no rows. Provide a file with at least one diary day.")
    return sheet


def _parquet(name: str, content: bytes) -> Sheet:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        rows = file.metadata.num_rows
        header = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise DataRefused(f"{name} is a damaged Parquet file ({error}). Export it again.") from error
    if not rows:
        raise DataRefused(f"{name} has columns but no rows. Provide a file with at least one diary day.")

    def load(positions: Sequence[int]) -> list[pa.Array]:
        try:
            table = file.read(columns=[header[position] for position in positions])
        except (pa.ArrowException, OSError) as error:
            raise DataRefused(f"{name} is a damaged Parquet file ({error}). Export it again.") from error
        return [one_chunk(table.column(header[position])) for position in positions]

    return Sheet(name, header, np.arange(1, rows + 1, dtype=np.int64), {}, load)
