"""Decoders of Arrow IPC and Parquet: from a table to plain arrays and words, or a reason why it is not accepted.

They run in the table worker only, whose budget of memory also bounds them. This module imports NumPy and pyarrow only,
so that the worker starts quickly. Not here: the process and its limits (`serving.input.table_worker`), what a request
asks for and what the arrays mean (`serving.input.table_request`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARQUET, STREAM = "parquet", "stream"
NUMBER, WORD, DATE = "number", "word", "date"
NO_DAY = -(1 << 31)
# More batches than any application writes. They cost time without costing memory.
MOST_BATCHES = 10_000


class NotAccepted(Exception):
    """The table is refused: `reason` is "unreadable", "empty", "rows", "memory", "column" or "type"."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column[:256]


def decode(request: Mapping[str, Any], body: Any, room: memoryview) -> dict[str, Any]:
    """Write the columns of the table in `body`, a buffer, to `room`. Returns the answer.

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
    except MemoryError:  # pyarrow's is an `ArrowException` too, but the table is not unreadable
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
        # Dictionary-encoded columns stay encoded: a long word that occurs in many rows is not copied for each of them.
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
    """Raise `NotAccepted` for a column that is unknown, occurs twice or has the wrong type. Decodes nothing."""
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
        fixed_size = types.is_integer(arrow_type) or types.is_floating(arrow_type) or types.is_boolean(arrow_type)
        return bool(fixed_size or types.is_decimal(arrow_type))
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
    """Return the column as floats, NaN for null: float32 if it holds every value of the type exactly, else float64."""
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
    """Return the distinct words, cut after `longest` letters, and the index of each row's word, -1 for null."""
    import pyarrow as pa

    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    coded = column.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
        words, codes = coded.dictionary, coded.indices
    else:  # the words of a file's own dictionary may repeat, and some may be null
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
