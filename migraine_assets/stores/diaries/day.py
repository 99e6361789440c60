"""One day of a kept diary as it is stored: a typed document with a format number, and how a change is merged into it.

Not here: the tables (`stores.diaries.schema`), reading and writing them (`stores.diaries.diaries`).
"""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from migraine_assets.errors import StoreError

FORMAT = 1
# Numbers as they were given: a whole number stays an integer, so that it is returned and stored as one.
Value: TypeAlias = int | float | str
Values: TypeAlias = dict[str, Value]


class KeptValues(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a day: contract fields with their values. A field that was not asked is absent."""

    format: int
    values: Values


class _Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    format: int


_DECODER = msgspec.msgpack.Decoder(KeptValues)
_ENCODER = msgspec.msgpack.Encoder(order="sorted")


def encode_day(values: Mapping[str, Value]) -> bytes:
    """The bytes of a day: the same for the same values, whatever their order."""
    return _ENCODER.encode(KeptValues(FORMAT, dict(values)))


def decode_day(content: bytes) -> Values:
    """The values in `content`. Raises `StoreError` for a damaged day or a newer format."""
    try:
        kept = _DECODER.decode(content)
    except (ValueError, RecursionError) as error:
        raise _unreadable(content) from error
    if kept.format != FORMAT:
        raise _unreadable(content)
    return kept.values


def merged(values: Mapping[str, Value], changes: Mapping[str, Value | bool | None]) -> Values:
    """`values` with `changes`: a value replaces the earlier one, None erases it, and other fields stay."""
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
