"""Reading of one delivered file, CSV or Parquet, as a sheet: a header, and columns that are loaded on demand.

Not here: CSV (`sources.files.csv_reader`), Parquet (`sources.files.parquet_reader`), the meaning of columns and cells
(`sources.columns`).
"""

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files import encoding
from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.decoder import DECODER
from migraine_assets.sources.files.delivery import SourceFile
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.files.sheet import Sheet


def read_sheet(
    file: SourceFile, *, limits: SourceLimits = DEFAULT, stated_encoding: str | None = None, skip_rows: int = 0
) -> Sheet:
    """Read `file`, whose format is determined by its content, not its name.

    `stated_encoding`: encoding of a text file. `skip_rows`: number of lines above its header. Raises `DataRefused` if
    the file has no rows, is not a table or exceeds `limits`.
    """
    content = encoding.uncompressed(file.name, file.content, limits=limits)
    if content.startswith(encoding.PARQUET_MAGIC):
        return DECODER.sheet("parquet", file.name, content, limits=limits)
    if not content or content.isspace():
        raise DataRefused(f"{file.name} is empty. Provide a file with a header and at least one row.")
    body, note = encoding.utf8(file.name, content, stated=stated_encoding)
    sheet = csv_sheet(file.name, body, notes=(note,) if note else (), limits=limits, skip_rows=skip_rows)
    if not len(sheet.lines):
        raise DataRefused(f"{file.name} has a header but no rows. Provide a file with at least one diary day.")
    return sheet
