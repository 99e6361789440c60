"""Typed documents of the store: frozen msgspec structs in JSON files, each with a format number.

A document is verified when it is read: for any content of the file, the caller gets a complete value or an error that
names the file and the reason. To change a format, increase its number, keep a reader of the old one, and test both. Not
here: the content of documents (the module of each kind), lines of the prediction log (`stores.prediction_log.reader`).
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
# Errors of decoding: invalid JSON or values (msgspec), text that is not UTF-8, nesting deeper than the stack.
UNREADABLE = (ValueError, RecursionError)


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of structs that are stored as a file."""

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
    """Decode the document in `content`.

    Raises `error`, with the location `where`, if it is damaged or has an unknown format. `numbered`: whether it must
    have a format number, which earlier versions did not write.
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
    """Read a document; `options` are those of `decode_document`. Raises `StoreError` if it is absent or damaged."""
    return decode_document(store.read(path), kind, where=f"'{path}' in {store.uri}", **options)


def unless_damaged(read: Callable[[], R], damaged: list[str] | None) -> R | None:
    """Call `read` and return its result. If it raises `StoreError`, append the message to `damaged` and return None.

    This is for readers of many files, which must not stop at a damaged file. If `damaged` is None, the error is raised.
    """
    try:
        return read()
    except StoreError as error:
        if damaged is None:
            raise
        damaged.append(str(error))
        return None


def encode_document(document: msgspec.Struct) -> bytes:
    """Encode a document as indented JSON with sorted keys. NaN and infinities become null."""
    return msgspec.json.format(_ENCODER.encode(document), indent=1)


def write_document(store: Store, path: str, document: msgspec.Struct) -> None:
    """Replace the file atomically."""
    store.write(path, encode_document(document))


def days_in(store: Store, folder: str, *, suffix: str) -> list[dt.date]:
    """Return the days with a file `<folder>/<day><suffix>`, oldest first. Files with other names are ignored."""
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
