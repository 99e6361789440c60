"""Data frames of assets, as Parquet files named by the hash of their content.

Assets pass small references (`FrameRef`) to each other instead of frames. Not here: the current value of an asset
(`stores.assets.current_values`), the content of frames (`defs.refs`).
"""

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.assets import current_values
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

FRAMES = "frames"
# Number of rows in a part of a frame. With 40 columns, a part has about 20 MB; larger parts are slower.
PART_ROWS = 65_536


@dataclass(frozen=True)
class FrameRef:
    """A reference to a stored frame: its asset, the SHA-256 of its Parquet bytes, and its shape."""

    asset: str
    version: str
    rows: int
    columns: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of the frame in the store."""
        return f"{FRAMES}/{self.asset}/{self.version}.parquet"


def write_frame(store: Store, asset: str, frame: "pd.DataFrame") -> FrameRef:
    """Store the columns of `frame`, without its index, and return the reference.

    With the same version of pyarrow, equal frames have equal bytes and share a file. Missing text is null.
    """
    content = _parquet(frame)
    ref = FrameRef(asset, hashlib.sha256(content).hexdigest(), len(frame), tuple(map(str, frame.columns)))
    if store.exists(ref.path):
        _touch(store, ref.path)
    else:
        store.write(ref.path, content)
    return ref


def read_frame(store: Store, ref: FrameRef, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Read the frame, or only its `columns` in this order.

    Text is returned as str, with None for null. Raises `StoreError` if the file or a column is missing, or if the file
    does not match the reference. The bytes are verified before they are decoded.
    """
    absent = sorted(set(columns or ()) - set(ref.columns))
    if absent:
        raise StoreError(
            f"'{ref.path}' in {store.uri} has no column {', '.join(absent)}. Materialize '{ref.asset}' again."
        )
    table = frame_table(store, ref.asset, ref.version, columns)
    if table.num_rows != ref.rows:
        raise StoreError(f"'{ref.path}' in {store.uri} has {table.num_rows} rows instead of {ref.rows}.")
    names = list(ref.columns if columns is None else columns)
    frame: pd.DataFrame = table.select(names).to_pandas(split_blocks=True, self_destruct=True)
    return frame


def frame_table(store: Store, asset: str, version: str, columns: Sequence[str] | None = None) -> "pa.Table":
    """Read the frame `version` of `asset` as a table. Raises `StoreError` if it is absent or its SHA-256 differs."""
    with _verified(store, asset, version) as file:
        return file.read(columns=None if columns is None else list(columns))


def frame_parts(
    store: Store, ref: FrameRef, columns: Sequence[str], *, key: str = "participant_id", rows: int = PART_ROWS
) -> Iterator["pa.Table"]:
    """Yield parts of a frame that is sorted by `key`, with about `rows` rows and all rows of their keys.

    Columns that the frame does not have are left out. Raises `StoreError` like `read_frame`.
    """
    import pyarrow as pa

    names, waiting = [name for name in columns if name in ref.columns], None
    with _verified(store, ref.asset, ref.version) as file:
        for batch in file.iter_batches(batch_size=rows, columns=names):
            table = pa.Table.from_batches([batch])
            table = table if waiting is None else pa.concat_tables([waiting, table])
            # The rows of the last key may continue in the next batch.
            cut = _start_of_last(table.column(key))
            if cut:
                yield table.slice(0, cut).select(names)
            waiting = table.slice(cut)
        if waiting is not None and waiting.num_rows:
            yield waiting.select(names)


def _start_of_last(keys: Any) -> int:
    """Return the index of the first row with the last key of `keys`, which are sorted."""
    import pyarrow.compute as pc

    return int(pc.index(keys, keys[-1]).as_py())


@contextmanager
def _verified(store: Store, asset: str, version: str) -> Iterator["pq.ParquetFile"]:
    """Verify and open the Parquet file of a frame in this block. Raises `StoreError` for read errors."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, remedy = f"{FRAMES}/{asset}/{version}.parquet", f"Delete it and materialize '{asset}' again."
    if not store.exists(path):
        raise StoreError(f"{store.uri} has no '{path}'. Materialize '{asset}' again.")
    try:
        with store.fs.open(store.path(path), "rb") as file:
            # The decoder is native code, so pass it only bytes that this platform wrote.
            if hashlib.file_digest(file, "sha256").hexdigest() != version:
                raise StoreError(f"'{path}' in {store.uri} is damaged: its SHA-256 differs from its name. {remedy}")
            file.seek(0)
            yield pq.ParquetFile(file)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"'{path}' in {store.uri} cannot be read: {error}. {remedy}") from error


def prune_frames(store: Store, asset: str, *, keep: int = 5) -> tuple[str, ...]:
    """Delete the frames of `asset`, except the `keep` newest and those that a current value refers to.

    Returns the deleted versions. Writing a frame again makes it new.
    """
    folder = f"{FRAMES}/{asset}"
    versions = [name.removesuffix(".parquet") for name in store.list(folder) if name.endswith(".parquet")]
    newest_first = sorted(versions, key=lambda version: (_age(store, f"{folder}/{version}.parquet"), version))
    in_use = b"".join(store.read(path) for path in current_values.paths(store))
    unused = tuple(version for version in newest_first[keep:] if version.encode() not in in_use)
    for version in unused:
        store.delete(f"{folder}/{version}.parquet")
    return unused


def _parquet(frame: "pd.DataFrame") -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Remove pandas' metadata, which contains its version, so that equal data have equal bytes.
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for position, column in enumerate(table.schema):
        if pa.types.is_null(column.type):
            table = table.set_column(position, column.name, table.column(position).cast(pa.string()))
    texts = [column.name for column in table.schema if not pa.types.is_floating(column.type)]
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=texts or False)
    return buffer.getvalue()


def _touch(store: Store, path: str) -> None:
    # Pruning must not delete the frame before the current value that refers to it is written.
    if store.local:
        os.utime(store.path(path))


def _age(store: Store, path: str) -> float:
    return -float(store.fs.modified(store.path(path)).timestamp())
