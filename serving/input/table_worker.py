"""The table worker: a process that decodes Arrow IPC and Parquet and may die alone.

Decoders are native code that reads what strangers send. So they run here, where a crash ends nothing else, where memory
beyond a budget is refused by the kernel, and where processor time is limited. The worker gets neither the environment
nor the open files of the service. It imports NumPy and pyarrow only, so that it starts quickly.

Each request comes with two descriptors of shared memory: the body, and room for the answer. A request is {kind, most,
longest, columns, size}. Its answer is {rows, columns: [{name, size, words}]} or {refused, column}. The values of the
columns follow each other in the shared memory, `size` bytes each: float32 or float64 for numbers, int32 indices of
`words` for words (-1 for null), int32 days since 1970-01-01 for dates.

Not here: starting it, and what its answers mean to a client (`serving.input.table_reader`).
"""

import select
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.worker_channel import Mappings, allow_seconds, channel, confine, data_bytes, receive, send

PARQUET, STREAM = "parquet", "stream"
NUMBER, WORD, DATE = "number", "word", "date"
NO_DAY = -(1 << 31)
# More batches than this are far from any table that an application writes, and cost time without costing memory.
MOST_BATCHES = 10_000
# Seconds without a table after which the memory of earlier tables is returned. The next one is faster with it.
KEPT_SECONDS = 5.0


class NotAccepted(Exception):
    """The table is refused: `reason` is "unreadable", "empty", "rows", "memory", "column" or "type"."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column[:256]


def decode(request: Mapping[str, Any], body: Any, room: memoryview) -> dict[str, Any]:
    """Write the table in `body`, a buffer, to `room` and return the answer.

    Raises `NotAccepted`, and `MemoryError` beyond the budget.
    """
    import pyarrow as pa

    try:
        table, at, columns = _table(body, request), 0, []
        for name in table.column_names:
            words, values = _column(name, table.column(name), request)
            content = np.ascontiguousarray(values).data.cast("B")
            room[at : at + len(content)] = content
            columns.append({"name": name, "size": len(content), "words": words})
            at += len(content)
        return {"rows": table.num_rows, "columns": columns}
    except MemoryError:  # pyarrow's own is one too, and must not count as unreadable
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise NotAccepted("unreadable") from error


def _table(body: Any, request: Mapping[str, Any]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns, most = request["columns"], request["most"]
    if request["kind"] == PARQUET:
        metadata = pq.ParquetFile(pa.BufferReader(body)).metadata
        schema = metadata.schema.to_arrow_schema()
        _check_schema(schema, columns)
        if metadata.num_rows > most:
            raise NotAccepted("rows")
        # Dictionaries stay dictionaries: a large word that many rows refer to is not copied for each of them.
        words = [name for name in schema.names if columns[name] == WORD]
        file = pq.ParquetFile(pa.BufferReader(body), metadata=metadata, read_dictionary=words, pre_buffer=False)
        table = file.read(use_threads=False)
    else:
        open_body = pa.ipc.open_stream if request["kind"] == STREAM else pa.ipc.open_file
        reader = open_body(pa.BufferReader(body), options=pa.ipc.IpcReadOptions(use_threads=False))
        _check_schema(reader.schema, columns)
        table = pa.Table.from_batches(_batches(reader, most), reader.schema)
    table.validate(full=True)
    if table.num_rows > most:
        raise NotAccepted("rows")
    if not table.num_rows:
        raise NotAccepted("empty")
    return table


def _batches(reader: Any, most: int) -> list[Any]:
    batches, rows = [], 0
    for batch in _all_batches(reader):
        rows += batch.num_rows
        batches.append(batch)
        if rows > most or len(batches) > MOST_BATCHES:
            raise NotAccepted("rows")
    return batches


def _all_batches(reader: Any) -> Iterable[Any]:
    is_file = hasattr(reader, "num_record_batches")
    return (reader.get_batch(k) for k in range(reader.num_record_batches)) if is_file else reader


def _check_schema(schema: Any, columns: Mapping[str, str]) -> None:
    """Raise `NotAccepted` for a column that is unknown, occurs twice or has the wrong type, before any is decoded."""
    seen: set[str] = set()
    for name in schema.names:
        if name not in columns or name in seen:
            raise NotAccepted("column", name)
        seen.add(name)
    for field in schema:
        if not _accepts(columns[field.name], field.type):
            raise NotAccepted("type", field.name)


def _accepts(kind: str, arrow_type: Any) -> bool:
    from pyarrow import types

    if types.is_null(arrow_type):
        return True
    if kind == NUMBER:
        plain = types.is_integer(arrow_type) or types.is_floating(arrow_type) or types.is_boolean(arrow_type)
        return bool(plain or types.is_decimal(arrow_type))
    if kind == WORD and types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    text = types.is_string(arrow_type) or types.is_large_string(arrow_type)
    day = types.is_date(arrow_type) or types.is_timestamp(arrow_type) or types.is_int32(arrow_type)
    return bool(text or (kind == DATE and day))


def _column(name: str, column: Any, request: Mapping[str, Any]) -> tuple[list[str] | None, NDArray[Any]]:
    kind = request["columns"][name]
    if kind == NUMBER:
        return None, _numbers(column)
    return (None, _days(name, column)) if kind == DATE else _words(column, request["longest"])


def _numbers(column: Any) -> NDArray[Any]:
    """The column as floats, NaN for null: float32 where that holds every value exactly, which is half the bytes."""
    import pyarrow as pa

    boolean, short = (
        pa.types.is_boolean(column.type),
        column.type in (pa.float32(), pa.float16(), pa.uint8(), pa.int8()),
    )
    if boolean:
        column = column.cast(pa.uint8())
    kind = pa.float32() if boolean or short else pa.float64()
    return np.asarray(column.cast(kind, safe=False).to_numpy(zero_copy_only=False))


def _days(name: str, column: Any) -> NDArray[np.int32]:
    import pyarrow as pa

    try:
        days = column.cast(pa.date32()).cast(pa.int32()).fill_null(NO_DAY)
    except MemoryError:
        raise
    except (pa.ArrowException, ValueError):
        raise NotAccepted("type", name) from None
    return np.asarray(days.to_numpy(zero_copy_only=False), dtype=np.int32)


def _words(column: Any, longest: int) -> tuple[list[str], NDArray[np.int32]]:
    """The distinct words, cut after `longest` letters, and the index of each row's word; -1 for null."""
    import pyarrow as pa

    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    coded = column.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
        words, codes = coded.dictionary, coded.indices
    else:  # its words need be neither distinct nor free of nulls
        distinct = coded.dictionary.dictionary_encode()
        words = distinct.dictionary
        new_codes = np.append(_indices(distinct.indices), np.int32(-1))
        return _cut(words, longest), new_codes[_indices(coded.indices)]
    return _cut(words, longest), _indices(codes)


def _indices(codes: Any) -> NDArray[np.int32]:
    import pyarrow as pa

    codes = codes if codes.type == pa.int32() else codes.cast(pa.int32())
    return np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False))


def _cut(words: Any, longest: int) -> list[str]:
    return [word.as_py()[:longest] for word in words]


def _release(requests: socket.socket, mappings: Mappings, most: int) -> None:
    """Return the memory of past tables to the system: at once beyond `most` bytes, else when no other table comes."""
    import pyarrow as pa

    idle = not select.select([requests], [], [], KEPT_SECONDS)[0]
    if idle:
        mappings.forget()
    if idle or data_bytes() > most:
        pa.default_memory_pool().release_unused()


def main(budget: int, seconds: float) -> None:
    """Answer requests on standard input, a socket, until its other end is closed."""
    import pyarrow as pa
    import pyarrow.parquet

    requests = channel()
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    limit, mappings = confine(budget=budget), Mappings()
    send(requests, {"ready": True})
    try:
        while True:
            _answer_one(requests, seconds, mappings)
            _release(requests, mappings, limit - budget // 2)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _answer_one(requests: socket.socket, seconds: float, mappings: Mappings) -> None:
    request, descriptors = receive(requests)
    allow_seconds(seconds)
    body, room = mappings.of(descriptors)
    try:
        answer = decode(request, body[: request["size"]], room)
    except NotAccepted as refused:
        answer = {"refused": refused.reason, "column": refused.column}
    except MemoryError:
        answer = {"refused": "memory"}
    allow_seconds(0)
    send(requests, answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
