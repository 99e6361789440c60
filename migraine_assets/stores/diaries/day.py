"""One day of a kept diary, stored as a typed document with a format number, and the merging of changes.

Not here: the tables (`stores.diaries.schema`), reading and writing them (`stores.diaries.diaries`).
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from migraine_assets.errors import StoreError

FORMAT = 1
# A whole number remains an integer, so that it is stored and returned as one.
Value: TypeAlias = int | float | str
Values: TypeAlias = dict[str, Value]


class KeptValues(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The known values of a day, by field. A field without a value is absent."""

    format: int
    values: Values


class _Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    format: int


_DECODER = msgspec.msgpack.Decoder(KeptValues)
_ARRAY_DECODER = msgspec.msgpack.Decoder(list[KeptValues])
_ENCODER = msgspec.msgpack.Encoder(order="sorted")


def encode_day(values: Mapping[str, Value]) -> bytes:
    """Encode a day. Equal values give equal bytes, whatever their order."""
    return _ENCODER.encode(KeptValues(FORMAT, dict(values)))


def decode_day(content: bytes) -> Values:
    """Decode a day. Raises `StoreError` for a damaged day or a newer format."""
    try:
        document = _DECODER.decode(content)
    except (ValueError, RecursionError) as error:
        raise _unreadable(content) from error
    if document.format != FORMAT:
        raise _unreadable(content)
    return document.values


def decode_days(contents: Sequence[bytes]) -> list[Values]:
    """The values of several days, decoded together, which takes half of the time. Raises `StoreError` as above."""
    # An array of them: each content is an element as it is.
    array = b"\xdd" + len(contents).to_bytes(4, "big") + b"".join(contents)
    try:
        days = _ARRAY_DECODER.decode(array)
    except (ValueError, RecursionError):
        return [decode_day(content) for content in contents]
    if any(day.format != FORMAT for day in days):
        return [decode_day(content) for content in contents]
    return [day.values for day in days]


def merged(values: Mapping[str, Value], changes: Mapping[str, Value | bool | None]) -> Values:
    """Return `values` with `changes`: a new value replaces the earlier one, and None removes it."""
    result = dict(values)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _plain(value)
    return result


def _plain(value: Value | bool) -> Value:
    if isinstance(value, str):
        return value
    return int(value) if value == int(value) else float(value)


def _unreadable(content: bytes) -> StoreError:
    try:
        number = msgspec.msgpack.decode(content, type=_Header).format
    except (ValueError, RecursionError):
        number = FORMAT
    if number != FORMAT:
        return StoreError(f"A kept day has format {number}; this version reads format {FORMAT}. Upgrade.")
    return StoreError("A kept day is damaged. Restore the database of diaries from a backup.")
