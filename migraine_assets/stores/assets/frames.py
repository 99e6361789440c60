"""What assets hand to one another: small JSON references to frames stored by the hash of their content.

Here belong frames as Parquet, the pointer of each asset to what it last made, and pruning. Not here: what a
frame means, Dagster's side of it, and remembered results (`memo`).
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FRAMES = "frames"
POINTERS = "assets"


@dataclass(frozen=True)
class FrameRef:
    """A stored frame: the asset that made it, the SHA-256 of its Parquet bytes, and its shape."""

    asset: str
    version: str
    rows: int
    columns: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where the frame lies in the store."""
        return f"{FRAMES}/{self.asset}/{self.version}.parquet"

    def payload(self) -> dict[str, Any]:
        """The reference as JSON-able values, for an asset's pointer or a memo."""
        return {**asdict(self), "columns": list(self.columns)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "FrameRef":
        """The reference that `payload` is. Raises `StoreError` where it is none."""
        try:
            return cls(
                asset=str(payload["asset"]),
                version=str(payload["version"]),
                rows=int(payload["rows"]),
                columns=tuple(payload["columns"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{payload!r} is not a reference to a frame.") from error


def write_frame(store: Store, asset: str, frame: "pd.DataFrame") -> FrameRef:
    """Store the columns of `frame` (its index is left out) and return the reference.

    Equal frames give equal bytes, hence one file, with the same version of pyarrow. Missing text is null.
    """
    content = _parquet(frame)
    ref = FrameRef(asset, hashlib.sha256(content).hexdigest(), len(frame), tuple(map(str, frame.columns)))
    if store.exists(ref.path):
        _touch(store, ref.path)
    else:
        store.write(ref.path, content)
    return ref


def read_frame(store: Store, ref: FrameRef, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """The stored frame, or only its `columns`, in the order asked for.

    Text comes back as str objects with None for null. Raises `StoreError` where the file or a column is absent,
    or the file is not what the reference says.
    """
    absent = sorted(set(columns or ()) - set(ref.columns))
    if absent:
        raise StoreError(f"'{ref.path}' in {store.uri} has no column {', '.join(absent)}. Make '{ref.asset}' again.")
    if not store.exists(ref.path):
        raise StoreError(f"{store.uri} holds no '{ref.path}'. Make '{ref.asset}' again.")
    table = _table(store, ref.path, columns)
    if table.num_rows != ref.rows:
        raise StoreError(f"'{ref.path}' in {store.uri} has {table.num_rows} rows instead of {ref.rows}.")
    wanted = list(ref.columns if columns is None else columns)
    frame: pd.DataFrame = table.select(wanted).to_pandas(split_blocks=True, self_destruct=True)
    return frame


def write_pointer(store: Store, asset_key: str, payload: Mapping[str, Any]) -> None:
    """Say what `asset_key` last made: `assets/<key>.json`, replaced whole or not at all."""
    store.write(_pointer(asset_key), json.dumps(payload, indent=1, sort_keys=True, allow_nan=False).encode())


def read_pointer(store: Store, asset_key: str) -> dict[str, Any] | None:
    """What `asset_key` last made, or None where it never ran. Raises `StoreError` for a damaged file."""
    return _json_object(store, _pointer(asset_key)) if store.exists(_pointer(asset_key)) else None


def pointers(store: Store) -> tuple[str, ...]:
    """Where the pointers of all assets lie."""
    return tuple(_files(store, POINTERS))


def prune_frames(store: Store, asset: str, *, keep: int = 5) -> tuple[str, ...]:
    """Delete all but the `keep` newest frames of `asset` and those that any asset's pointer names.

    Returns the versions deleted. A frame that was asked to be stored again counts as new.
    """
    folder = f"{FRAMES}/{asset}"
    versions = [name.removesuffix(".parquet") for name in store.list(folder) if name.endswith(".parquet")]
    newest_first = sorted(versions, key=lambda version: (_age(store, f"{folder}/{version}.parquet"), version))
    named = b"".join(store.read(path) for path in pointers(store))
    doomed = tuple(version for version in newest_first[keep:] if version.encode() not in named)
    for version in doomed:
        store.delete(f"{folder}/{version}.parquet")
    return doomed


def _parquet(frame: "pd.DataFrame") -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # pandas writes its own version into the schema's metadata: dropped, so that equal data give equal bytes.
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for position, column in enumerate(table.schema):
        if pa.types.is_null(column.type):
            table = table.set_column(position, column.name, table.column(position).cast(pa.string()))
    texts = [column.name for column in table.schema if not pa.types.is_floating(column.type)]
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=texts or False)
    return buffer.getvalue()


def _table(store: Store, path: str, columns: Sequence[str] | None) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with store.fs.open(store.path(path), "rb") as file:
            return pq.ParquetFile(file).read(columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"'{path}' in {store.uri} cannot be read: {error}.") from error


def _touch(store: Store, path: str) -> None:
    # Found again is as good as new: pruning must not take it before its pointer is written.
    if store.local:
        os.utime(store.path(path))


def _age(store: Store, path: str) -> float:
    return -float(store.fs.modified(store.path(path)).timestamp())


def _files(store: Store, folder: str) -> Iterator[str]:
    for name in store.list(folder):
        path = f"{folder}/{name}"
        if name.endswith(".json"):
            yield path
        else:
            yield from _files(store, path)


def _pointer(asset_key: str) -> str:
    return f"{POINTERS}/{asset_key}.json"


def _json_object(store: Store, path: str) -> dict[str, Any]:
    try:
        content = json.loads(store.read(path))
    except ValueError as error:
        raise StoreError(f"'{path}' in {store.uri} is damaged: {error}. Delete it and run again.") from error
    if not isinstance(content, dict):
        raise StoreError(f"'{path}' in {store.uri} is damaged: not a JSON object. Delete it and run again.")
    return content
