"""Prediction ids: their format, and the signature that makes them genuine.

A prediction id contains its time and a signature with the secret that all replicas share. So each replica can recognize
a genuine id without a lookup, and a reader knows which day to search. An id cannot be derived from others, not even
from ids of the same batch. Not here: the secret (`stores.signing_secret`), the ids of participants
(`stores.pseudonyms`), making ids in a replica (`prediction.prediction_ids`).
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import os
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from migraine_assets.stores.pseudonyms import keyed_hash

# Bytes: time, randomness that separates batches, size of the batch, position in it, signature of all of these.
_TIME, _RANDOM, _SIZE, _POSITION, _SIGNATURE = 6, 5, 2, 2, 9
_HEAD = _TIME + _RANDOM + _SIZE
_LENGTH = _HEAD + _POSITION + _SIGNATURE
_BATCH = 60_000
# Number of ids that are signed together, so that signing many and verifying one are both fast.
_SIGNED_TOGETHER = 256
ID_LENGTH = _LENGTH * 4 // 3  # characters


def make_id(secret: bytes, *, time: float) -> str:
    """Return a new prediction id of 32 URL-safe characters. `time`: seconds since 1970."""
    return make_ids(secret, 1, time=time)[0]


def make_ids(secret: bytes, count: int, *, time: float, random: Callable[[int], bytes] = os.urandom) -> list[str]:
    """Return `count` new ids with the same time. `random` returns the requested number of unpredictable bytes.

    The signatures of a batch of ids are parts of one keyed stream, because hashing each of a hundred thousand ids would
    take as long as predicting for them.
    """
    moment, ids = int(time * 1000).to_bytes(_TIME, "big"), []
    for first in range(0, count, _BATCH):
        size = min(_BATCH, count - first)
        content = _batch(secret, moment + random(_RANDOM) + size.to_bytes(_SIZE, "big"), size)
        # The length of an id is a multiple of three bytes, so ids can be encoded together.
        text = base64.urlsafe_b64encode(content).decode()
        ids += [text[at : at + ID_LENGTH] for at in range(0, len(text), ID_LENGTH)]
    return ids


def _batch(secret: bytes, head: bytes, size: int) -> bytes:
    """Return the concatenated bytes of `size` ids."""
    if size == 1:  # NumPy is slower for one id
        return head + bytes(_POSITION) + _single_signature(secret, head)
    rows = np.empty((size, _LENGTH), dtype=np.uint8)
    rows[:, :_HEAD] = np.frombuffer(head, dtype=np.uint8)
    rows[:, _HEAD:-_SIGNATURE] = np.arange(size, dtype=">u2").view(np.uint8).reshape(size, _POSITION)
    blocks = range(0, size, _SIGNED_TOGETHER)
    stream = b"".join(_signatures(secret, head, first, min(_SIGNED_TOGETHER, size - first)) for first in blocks)
    rows[:, -_SIGNATURE:] = np.frombuffer(stream, dtype=np.uint8).reshape(size, _SIGNATURE)
    return rows.tobytes()


def _signatures(secret: bytes, head: bytes, first: int, count: int) -> bytes:
    """Return the concatenated signatures of `count` ids from position `first` on, which is the start of a block.

    SHAKE is a sponge, so with a prefixed key it is a pseudorandom function: a part of its output reveals nothing about
    the other parts.
    """
    content = _stream_key(secret) + head + first.to_bytes(_POSITION, "big")
    return hashlib.shake_128(content).digest(count * _SIGNATURE)


def _signature(secret: bytes, head: bytes, position: int) -> bytes:
    place = position % _SIGNED_TOGETHER
    return _signatures(secret, head, position - place, place + 1)[-_SIGNATURE:]


def _single_signature(secret: bytes, head: bytes) -> bytes:
    """Return the signature of an id that is not part of a batch. Older versions used it for every id of a batch."""
    return keyed_hash(secret, b"id", head)[:_SIGNATURE]


def is_genuine(secret: bytes, identity: str) -> bool:
    """Return whether `make_ids` made `identity` with `secret`. Never raises.

    In batches of older versions, all ids have the same signature. They are not accepted, because one of them would be
    enough to forge the others.
    """
    content = _decoded(identity)
    if content is None:
        return False
    head, signature = content[:_HEAD], content[-_SIGNATURE:]
    size = int.from_bytes(head[-_SIZE:], "big")
    position = int.from_bytes(content[_HEAD:-_SIGNATURE], "big")
    if position >= size:
        return False
    expected = _single_signature(secret, head) if size == 1 else _signature(secret, head, position)
    return hmac.compare_digest(expected, signature)


def made_at(identity: str) -> dt.datetime | None:
    """Return when `identity` was made (UTC); None if it is not a prediction id. The signature is not checked."""
    content = _decoded(identity)
    if content is None:
        return None
    try:
        return dt.datetime.fromtimestamp(int.from_bytes(content[:_TIME], "big") / 1000, dt.UTC)
    except (ValueError, OverflowError):  # beyond the year 9999
        return None


@lru_cache(maxsize=8)
def _stream_key(secret: bytes) -> bytes:
    """Derive a key from the secret that is as long as one block of SHAKE-128 (168 bytes)."""
    return hashlib.shake_256(b"prediction ids" + hashlib.sha256(secret).digest()).digest(168)


def _decoded(identity: str) -> bytes | None:
    if len(identity) != ID_LENGTH or not identity.isascii():
        return None
    try:
        content = base64.b64decode(identity, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.urlsafe_b64encode(content).decode() == identity else None
