"""Tables on the wire: media types, and answers written as Arrow IPC and Parquet.

pyarrow is imported with the first table. Not here: reading (`serving.input.table_reader`), the endpoint
(`serving.api.tables`).
"""

import time
from typing import Any

STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"
MEDIA_TYPES = (STREAM, FILE, PARQUET)
# A table of any of these formats, which its first bytes tell.
BINARY = "application/octet-stream"

# Seconds without a table after which the memory of earlier tables is released.
KEPT_SECONDS = 5.0


class TableMemory:
    """Memory of past tables, often more than 100 MB. It is kept for some seconds, because the next table is faster with
    it.
    """

    def __init__(self) -> None:
        self._used = self._released = float("-inf")

    def keep(self) -> None:
        """Keep the memory that pyarrow releases.

        pyarrow's default pool returns memory after each table and requests it again for the next, which takes a seventh
        of the time.
        """
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())

    def mark_used(self) -> None:
        """Note that a table has just been answered."""
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


def format_of(body: bytes) -> str:
    """Return the media type of the table `body` by its first bytes. Arrow streams have no mark of their own."""
    if body.startswith(b"PAR1"):
        return PARQUET
    return FILE if body.startswith(b"ARROW1") else STREAM


def write_table(table: Any, kind: str) -> bytes:
    """Return `table` as bytes of media type `kind`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    if kind == PARQUET:
        pq.write_table(table, sink)
    else:
        with (pa.ipc.new_stream if kind == STREAM else pa.ipc.new_file)(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
