"""Reading of Parquet as a sheet, with limits on the declared size and on the decoded size.

Not here: the process in which it runs (`sources.files.decoder`), the other formats (`sources.files.reader`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import DEFAULT, MIB, SourceLimits, check_table, exceeded
from migraine_assets.sources.files.sheet import Sheet, one_chunk

# The largest decoded size of a batch of text, if every row repeats a value of the size of the column chunk.
_BATCH_BYTES = 256 * MIB
_MIN_BATCH, _MAX_BATCH = 16, 65_536


def parquet_sheet(name: str, content: bytes | memoryview, limits: SourceLimits = DEFAULT) -> Sheet:
    """Read `content`. Call this in a process that may be killed by a malicious file (`sources.files.decoder`).

    Raises `DataRefused` for a file that is damaged, has no rows or exceeds `limits`.
    """
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        rows = file.metadata.num_rows
        header = tuple(file.schema_arrow.names)
    except MemoryError:  # pyarrow's own is an ArrowException too
        raise
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name, error) from error
    if not rows:
        raise DataRefused(f"{name} has columns but no rows. Provide a file with at least one diary day.")
    check_table(name, rows=rows, columns=file.metadata.num_columns, limits=limits)
    groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > limits.expanded_mib * MIB:
        raise _too_large(name, limits)

    def load(positions: Sequence[int]) -> list[pa.Array]:
        try:
            return [_column(file, header[position], name, limits) for position in positions]
        except MemoryError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise _damaged(name, error) from error

    return Sheet(name, header, np.arange(1, rows + 1, dtype=np.int64), {}, load)


def _column(file: Any, column: str, name: str, limits: SourceLimits) -> pa.Array:
    kind = file.schema_arrow.field(column).type
    if not _is_variable(kind):
        return one_chunk(file.read(columns=[column]).column(column))
    # A value that is stored once can be repeated in every row, so text is decoded in batches and the size is summed.
    size = min(max(_BATCH_BYTES // max(1, _largest_chunk(file, column)), _MIN_BATCH), _MAX_BATCH)
    parts: list[pa.Array] = []
    total = 0
    for batch in file.iter_batches(batch_size=size, columns=[column]):
        plain = one_chunk(pa.chunked_array([batch.column(0)]))
        total += plain.nbytes
        if total > limits.expanded_mib * MIB:
            raise _too_large(name, limits)
        parts.append(plain)
    return one_chunk(pa.chunked_array(parts, type=parts[0].type))


def _is_variable(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return pa.types.is_nested(kind) or any(check(kind) for check in checks)


def _largest_chunk(file: Any, column: str) -> int:
    metadata = file.metadata
    sizes = [
        chunk.total_uncompressed_size
        for group in range(metadata.num_row_groups)
        for chunk in (metadata.row_group(group).column(index) for index in range(metadata.num_columns))
        if chunk.path_in_schema.split(".")[0] == column
    ]
    return max(sizes, default=0)


def _too_large(name: str, limits: SourceLimits) -> DataRefused:
    return exceeded(name, f"expands to more than {limits.expanded_mib:,} MiB", "expanded_mib", limits.expanded_mib)


def _damaged(name: str, error: Exception) -> DataRefused:
    return DataRefused(f"{name} is a damaged Parquet file ({error}). Export it again.")
