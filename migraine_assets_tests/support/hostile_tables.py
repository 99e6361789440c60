"""Tables that are made to harm their decoder, as small as an attacker would send them.

Not here: what the service answers to them (`unit/serving/input/test_table_reader.py`, `unit/serving/api`).
"""

import io
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MIB = 1 << 20


def parquet(table: pa.Table, **options: Any) -> bytes:
    """Return `table` as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def stream(table: pa.Table, *, compression: str | None = None, times: int = 1) -> bytes:
    """Return `table` as an Arrow stream with its batches repeated."""
    sink, options = pa.BufferOutputStream(), pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        for batch in (table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]) * times:
            writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def shared_word(rows: int) -> bytes:
    """Return a Parquet file of a few kB: one word of 1 MiB in a dictionary, and many rows that refer to it."""
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array(["x" * MIB]))
    return parquet(pa.table({"participant_id": words}), compression="zstd", store_schema=False)


def compressed_zeros(rows: int = 12_000_000) -> bytes:
    """Return an Arrow stream of zeros that expands to 96 MB."""
    return stream(pa.table({"age": np.zeros(rows)}), compression="zstd")


def deep_schema(depth: int) -> bytes:
    """Return a Parquet file whose schema is nested `depth` groups deep. It is written by hand: no library writes it."""
    group, leaf = _element(b"a", children=1), _element(b"age", children=None)
    elements = [_element(b"schema", children=1), *[group] * depth, leaf]
    schema = bytes([0xF0 | 12]) + _varint(len(elements)) + b"".join(elements)
    footer = b"\x15" + _zigzag(1) + b"\x19" + schema + b"\x16" + _zigzag(1) + b"\x19\x0c\x00"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _element(name: bytes, *, children: int | None) -> bytes:
    """Return a `SchemaElement` in Thrift's compact protocol: an optional group, or a column of doubles."""
    kind = b"\x15" + _zigzag(5) if children is None else b""
    repetition = bytes([(3 - (1 if kind else 0)) << 4 | 5]) + _zigzag(1)
    count = b"" if children is None else b"\x15" + _zigzag(children)
    return kind + repetition + b"\x18" + _varint(len(name)) + name + count + b"\x00"


def _varint(value: int) -> bytes:
    rest, digit = divmod(value, 128)
    return bytes([digit | 128]) + _varint(rest) if rest else bytes([digit])


def _zigzag(value: int) -> bytes:
    return _varint(value << 1)
