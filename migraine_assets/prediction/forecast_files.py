"""Forecasts as a file: CSV, Parquet or JSON, written shard by shard, complete or not at all.

Not here: the columns (`prediction.answer_table`), the terminal (`cli.commands.forecast`).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.unfinished import unfinished_file

Write = Callable[[Any], object]


@contextmanager
def forecast_file(path: Path) -> Iterator[Write]:
    """Yield a function that appends a `pyarrow.Table` of answers to `path`. The ending of `path` decides the format.

    The file appears when the block ends without an error; until then an older one stays. Raises `ConfigurationError`
    for another ending, and `StoreError` if the file cannot be written.
    """
    open_writer = _WRITERS.get(path.suffix.lower())
    if open_writer is None:
        raise ConfigurationError(f"Forecasts are written to a file that ends in {', '.join(_WRITERS)}, not '{path}'.")
    try:
        with unfinished_file(path, b"") as temporary:
            with open_writer(temporary) as write:
                yield write
            with temporary.open("rb") as file:
                os.fsync(file)
            os.replace(temporary, path)
    except OSError as error:
        raise StoreError(f"'{path}' cannot be written: {error.strerror or error}. Nothing was changed.") from error


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow.parquet as pq

    from migraine_assets.prediction.answer_table import answer_schema

    with pq.ParquetWriter(path, answer_schema(), compression="zstd") as writer:
        yield writer.write_table


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.csv

    from migraine_assets.prediction.answer_table import answer_schema

    schema = pa.schema([(field.name, _plain(field.type)) for field in answer_schema()])
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        yield lambda table: writer.write_table(_flat(table, schema))


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    return pa.string() if pa.types.is_list(kind) or pa.types.is_dictionary(kind) else kind


def _flat(table: Any, schema: Any) -> Any:
    """Return `table` with the columns of `schema`; lists become words separated by spaces."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [
        pc.binary_join(column, " ") if pa.types.is_list(column.type) else column.cast(field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


@contextmanager
def _json(path: Path) -> Iterator[Write]:
    with path.open("wb") as file:
        separator = b"[\n"

        def write(table: Any) -> None:
            nonlocal separator
            for row in table.to_pylist():
                file.write(separator + msgspec.json.encode(row))
                separator = b",\n"

        yield write
        file.write(b"\n]\n" if separator == b",\n" else b"[]\n")


_WRITERS: Mapping[str, Any] = {".csv": _csv, ".parquet": _parquet, ".json": _json}
