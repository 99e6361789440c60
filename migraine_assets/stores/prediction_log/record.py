"""What is recorded of an answer: `PredictionRecord`, `Feedback`, and the prediction ids and pseudonyms in them.

Here: the records and the keyed hashes. Not here: writing records (`stores.prediction_log.segments`), reading them
(`stores.prediction_log.reader`).

A prediction id carries its time and a signature under the secret that all replicas share. Each replica can recognize
a genuine id without a lookup, and a reader knows which day to search. No id follows from others, not even from those of
the same batch.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np

Arm = Literal["champion", "canary", "ab"]

# Bytes: time, randomness that separates batches, size of the batch, position in it, signature of all of these.
_TIME, _RANDOM, _SIZE, _POSITION, _SIGNATURE = 6, 5, 2, 2, 9
_HEAD = _TIME + _RANDOM + _SIZE
_LENGTH = _HEAD + _POSITION + _SIGNATURE
_BATCH = 60_000
# Ids that are signed together: a multiple of it is fast to sign, and one of them is still fast to verify.
_SIGNED_TOGETHER = 256
ID_LENGTH = _LENGTH * 4 // 3  # characters


class PredictionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `time`: seconds since 1970, UTC. `participant`: a pseudonym. `for_date`: ISO 8601.

    By task: `features` in the order of the bundle's manifest (null: NaN), `outputs` of the bundle (absent: it
    abstained), `bundles` (hashes). `shadow_outputs` and `shadow_bundles`: predictions of a candidate that did not
    answer, from `shadow_features` (only for tasks whose candidate has other inputs).
    """

    id: str
    time: float
    participant: str | None
    for_date: str | None
    features: dict[str, list[float | None]]
    outputs: dict[str, float | None]
    bundles: dict[str, str]
    arm: str = "champion"
    latency_ms: float = 0.0
    shadow_outputs: dict[str, float | None] = {}
    shadow_bundles: dict[str, str] = {}
    shadow_features: dict[str, list[float | None]] = {}
    abstained: bool = False
    format: Literal[1] = 1


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a prediction, reported by the user. The last feedback on a `prediction_id` counts."""

    prediction_id: str
    migraine_occurrence: bool
    migraine_severity: float | None = None
    time: float = 0.0
    format: Literal[1] = 1


def make_id(secret: bytes, *, time: float) -> str:
    """Return a new prediction id: 32 URL-safe characters. `time`: seconds since 1970."""
    return make_ids(secret, 1, time=time)[0]


def make_ids(secret: bytes, count: int, *, time: float, random: Callable[[int], bytes] = os.urandom) -> list[str]:
    """Return `count` new ids of the same time. `random` returns the requested number of unpredictable bytes.

    The ids of one call are batches whose signatures are parts of one keyed stream: hashing each of a hundred thousand
    ids would take as long as predicting for them.
    """
    moment, ids = int(time * 1000).to_bytes(_TIME, "big"), []
    for first in range(0, count, _BATCH):
        size = min(_BATCH, count - first)
        content = _batch(secret, moment + random(_RANDOM) + size.to_bytes(_SIZE, "big"), size)
        # An id has a multiple of three bytes, so encoding many together equals encoding each alone.
        text = base64.urlsafe_b64encode(content).decode()
        ids += [text[at : at + ID_LENGTH] for at in range(0, len(text), ID_LENGTH)]
    return ids


def _batch(secret: bytes, head: bytes, size: int) -> bytes:
    """Return the bytes of `size` ids, one after another."""
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
    """Return the signatures of `count` ids from position `first` on, where a block begins, one after another.

    SHAKE is a sponge, so a prefixed key makes it a pseudorandom function: a part of its output tells nothing about the
    other parts.
    """
    content = _stream_key(secret) + head + first.to_bytes(_POSITION, "big")
    return hashlib.shake_128(content).digest(count * _SIGNATURE)


def _signature(secret: bytes, head: bytes, position: int) -> bytes:
    place = position % _SIGNED_TOGETHER
    return _signatures(secret, head, position - place, place + 1)[-_SIGNATURE:]


def _single_signature(secret: bytes, head: bytes) -> bytes:
    """Return the signature of an id made alone. Older versions gave it to every id of a batch."""
    return _keyed(secret, b"id", head)[:_SIGNATURE]


def is_genuine(secret: bytes, identity: str) -> bool:
    """Return whether `make_ids` made `identity` under `secret`. Never raises, whatever the text.

    Ids of batches of older versions, whose members share a signature, are no longer genuine: who has one of them could
    forge the others.
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
    """Return when `identity` was made (UTC), or None if it is no prediction id. The signature is not checked."""
    content = _decoded(identity)
    if content is None:
        return None
    try:
        return dt.datetime.fromtimestamp(int.from_bytes(content[:_TIME], "big") / 1000, dt.UTC)
    except (ValueError, OverflowError):  # beyond the year 9999
        return None


def pseudonym(secret: bytes, participant: str) -> str:
    """Return 32 hexadecimal digits, the same for the same participant. Not reversible without the secret."""
    return _keyed(secret, b"participant", participant.encode("utf-8", "surrogatepass")).hex()


def _keyed(secret: bytes, purpose: bytes, content: bytes) -> bytes:
    keyed = _key(secret, purpose).copy()
    keyed.update(content)
    return keyed.digest()


@lru_cache(maxsize=8)
def _stream_key(secret: bytes) -> bytes:
    """Return a key as long as one block of SHAKE-128 (168 bytes), derived from the secret."""
    return hashlib.shake_256(b"prediction ids" + hashlib.sha256(secret).digest()).digest(168)


@lru_cache(maxsize=8)
def _key(secret: bytes, purpose: bytes) -> "hashlib.blake2b":
    return hashlib.blake2b(key=hashlib.sha256(secret).digest(), person=purpose, digest_size=16)


def _decoded(identity: str) -> bytes | None:
    if len(identity) != ID_LENGTH or not identity.isascii():
        return None
    try:
        content = base64.b64decode(identity, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.urlsafe_b64encode(content).decode() == identity else None
