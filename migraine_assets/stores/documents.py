"""Typed documents of the store: frozen msgspec structs in JSON files, each with a format number.

Here: reading, verifying and writing one document. Not here: what the documents hold (the module of each kind) and
lines of the prediction log (`stores.prediction_log.reader`).

A document is verified before it is used: whatever bytes a file holds, the caller gets a complete value or one error
that names the file and the reason. To change a format, raise its number, keep a reader of the old one, and test both.
"""

import datetime as dt
import io
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T", bound=msgspec.Struct)
R = TypeVar("R")
# What decoding raises: wrong JSON or values (msgspec), text that is not UTF-8, nesting beyond the interpreter's stack.
UNREADABLE = (ValueError, RecursionError)


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A struct that is a file of its own."""

    format: int = 1


class _Header(msgspec.Struct, frozen=True):
    format: int | None = None


def decode_document(
    content: bytes,
    kind: type[T],
    *,
    where: str,
    formats: Collection[int] = (1,),
    numbered: bool = True,
    remedy: str = "",
    error: type[StoreError] = StoreError,
) -> T:
    """Return the document in `content`. Raises `error`, naming `where`, for anything but a complete known format.

    `numbered`: False accepts a document without a number, as versions before format numbers wrote it.
    """
    try:
        number = msgspec.json.decode(content, type=_Header).format
        if number in formats or (number is None and not numbered):
            return msgspec.json.decode(content, type=kind)
    except UNREADABLE as reason:
        raise error(f"{where} is damaged: {reason}. {remedy}".rstrip()) from reason
    known = " and ".join(map(str, formats))
    raise error(f"{where} has format {number}; this version reads format {known}. {remedy}".rstrip())


def read_document(store: Store, path: str, kind: type[T], **options: Any) -> T:
    """Read one file; `options` as for `decode_document`. Raises `StoreError` if the file is absent or damaged."""
    return decode_document(store.read(path), kind, where=f"'{path}' in {store.uri}", **options)


def unless_damaged(read: Callable[[], R], damaged: list[str] | None) -> R | None:
    """Return what `read` returns. If it raises `StoreError`, append the message to `damaged` and return None.

    For readers of many files, which one damaged file must not stop. Without a list the error is raised.
    """
    try:
        return read()
    except StoreError as error:
        if damaged is None:
            raise
        damaged.append(str(error))
        return None


def encode_document(document: msgspec.Struct) -> bytes:
    """Return readable JSON with sorted keys. NaN and infinities become null; NumPy values become plain ones."""
    return msgspec.json.format(_ENCODER.encode(document), indent=1)


def write_document(store: Store, path: str, document: msgspec.Struct) -> None:
    """Replace the file, completely or not at all."""
    store.write(path, encode_document(document))


def days_in(store: Store, folder: str, *, suffix: str) -> list[dt.date]:
    """Return the days whose files `<folder>/<day><suffix>` exist, oldest first. Files with other names are ignored."""
    leaves = (leaf.removesuffix(suffix) for leaf in store.list(folder) if leaf.endswith(suffix))
    return sorted(day for leaf in leaves if (day := _day(leaf)) is not None)


def read_table(store: Store, path: str, *, remedy: str, columns: Collection[str] | None = None) -> "pa.Table":
    """Read one Parquet file. Raises `StoreError` if it is absent or damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = store.read(path)
    try:
        return pq.read_table(io.BytesIO(content), columns=None if columns is None else list(columns))
    except (pa.ArrowException, OSError, *UNREADABLE) as error:
        raise StoreError(f"'{path}' in {store.uri} is damaged: {error}. {remedy}") from error


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if _ISO_DAY.fullmatch(text) else None
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be part of a document")


_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=_plain)
