"""Tables on the wire: Arrow IPC and Parquet, read within limits and written.

pyarrow is imported with the first table. Not here: the meaning of the columns (`serving.input.arrow_columns`), the
endpoint (`serving.api.tables`).
"""

import time
from typing import Any

from serving.contract.problems import Refused

STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"
MEDIA_TYPES = (STREAM, FILE, PARQUET)

# A small compressed body may expand to a very large table.
_MOST_UNPACKED_BYTES = 1 << 30

# Seconds without a table after which the memory of earlier tables is released.
KEPT_SECONDS = 5.0


class TableMemory:
    """Memory of past tables, often more than 100 MB: kept for the next table, which is faster, but not forever."""

    def __init__(self) -> None:
        self._used = self._released = float("-inf")

    def mark_used(self) -> None:
        """A table has just been answered."""
        self._used = time.monotonic()

    @property
    def kept(self) -> bool:
        """Whether there is memory to release."""
        return self._used > self._released

    def tick(self, *, seconds: float = KEPT_SECONDS) -> bool:
        """Release memory if no table came for `seconds`. Returns whether it was released."""
        now = time.monotonic()
        if not self.kept or now - self._used < seconds:
            return False
        import pyarrow as pa

        # Set first: a table that is answered meanwhile counts as newer.
        self._released = now
        pa.default_memory_pool().release_unused()
        return True


def read_table(body: bytes, kind: str, *, most: int) -> Any:
    """The table in `body`, of media type `kind`. Raises `Refused`: 400 if it is not one, 413 beyond `most` rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # pyarrow's default pool returns memory after each table and requests it again for the next, which took a seventh
    # of the time. `TableMemory` releases it later.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        if kind == PARQUET:
            file = pq.ParquetFile(pa.BufferReader(body))
            groups = (file.metadata.row_group(k).total_byte_size for k in range(file.metadata.num_row_groups))
            _refuse_large(file.metadata.num_rows, sum(groups), most)
            table = file.read()
        else:
            reader = (pa.ipc.open_stream if kind == STREAM else pa.ipc.open_file)(pa.BufferReader(body))
            table = _read_batches(reader, most)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused("unreadable-table", f"The body is not a readable table of type {kind}.") from error
    if not table.num_rows:
        raise Refused("unreadable-table", "The table has no rows.")
    return table


def _read_batches(reader: Any, most: int) -> Any:
    import pyarrow as pa

    batches, rows, size = [], 0, 0
    one_by_one = (reader.get_batch(k) for k in range(reader.num_record_batches)) if _is_file(reader) else reader
    for batch in one_by_one:
        rows, size = rows + batch.num_rows, size + batch.nbytes
        _refuse_large(rows, size, most)
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _is_file(reader: Any) -> bool:
    return hasattr(reader, "num_record_batches")


def _refuse_large(rows: int, size: int, most: int) -> None:
    if rows > most or size > _MOST_UNPACKED_BYTES:
        raise Refused("too-large", f"At most {most} rows and {_MOST_UNPACKED_BYTES} uncompressed bytes are accepted.")


def write_table(table: Any, kind: str) -> bytes:
    """`table` as bytes of media type `kind`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    if kind == PARQUET:
        pq.write_table(table, sink)
    else:
        with (pa.ipc.new_stream if kind == STREAM else pa.ipc.new_file)(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
