"""Tables on the wire: Arrow IPC and Parquet, read within limits and written.

Here belongs the form; pyarrow is imported when the first table comes. Not here: what the columns mean
(`table_columns`), what is answered (`tables`).
"""

import time
from typing import Any

from serving.contract.problems import Refused

STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"
MEDIA_TYPES = (STREAM, FILE, PARQUET)

# Compressed pages may hold far more than the body's size lets one think.
_MOST_UNPACKED = 1 << 30

# Seconds without a table until what tables took of the memory goes back to the system.
KEPT_SECONDS = 5.0


class TableMemory:
    """Tables take a hundred megabytes and more: kept for the next one, which is quicker, and not for ever."""

    def __init__(self) -> None:
        self._used = self._released = float("-inf")

    def mark_used(self) -> None:
        """A table has just been answered."""
        self._used = time.monotonic()

    @property
    def kept(self) -> bool:
        """Whether there is something to give back."""
        return self._used > self._released

    def tick(self, *, seconds: float = KEPT_SECONDS) -> bool:
        """Give memory back where no table came for so many `seconds`; whether it did."""
        now = time.monotonic()
        if not self.kept or now - self._used < seconds:
            return False
        import pyarrow as pa

        # Before: a table that is answered meanwhile counts as newer.
        self._released = now
        pa.default_memory_pool().release_unused()
        return True


def read_table(body: bytes, kind: str, *, most: int) -> Any:
    """The table in `body`. Raises `Refused`: 400 for what is none, 413 beyond `most` rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Its own pool gives memory back as soon as a table is done with, and waits for the system to hand it out anew:
    # a seventh of the time. `TableMemory` gives it back later.
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
        raise Refused("unreadable-table", f"The body is not a readable table of the type {kind}.") from error
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
    if rows > most or size > _MOST_UNPACKED:
        raise Refused("too-large", f"At most {most} rows and {_MOST_UNPACKED} bytes unpacked are accepted.")


def write_table(table: Any, kind: str) -> bytes:
    """`table` in the form of the media type `kind`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    if kind == PARQUET:
        pq.write_table(table, sink)
    else:
        with (pa.ipc.new_stream if kind == STREAM else pa.ipc.new_file)(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
