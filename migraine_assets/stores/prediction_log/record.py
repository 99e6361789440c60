"""What is recorded of an answer: `PredictionRecord`, `Feedback`, and the prediction ids and pseudonyms in them.

Here: the records and the keyed hashes. Not here: writing records (`stores.prediction_log.segments`), reading them
(`stores.prediction_log.reader`).

A prediction id carries its time and a signature under the secret that all replicas share. Each replica can recognize
a genuine id without a lookup, and a reader knows which day to search.
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

# Bytes: time, randomness that separates batches, size of the batch, position in it, signature of all but the position.
_TIME, _RANDOM, _SIZE, _POSITION, _SIGNATURE = 6, 5, 2, 2, 9
_HEAD = _TIME + _RANDOM + _SIZE
_LENGTH = _HEAD + _POSITION + _SIGNATURE
_BATCH = 60_000
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

    The ids of one call are batches that share a signature, which covers the size of the batch: signing each of a
    hundred thousand ids would take as long as predicting for them.
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
    signature = _keyed(secret, b"id", head)[:_SIGNATURE]
    if size == 1:  # NumPy is slower for one id
        return head + bytes(_POSITION) + signature
    rows = np.empty((size, _LENGTH), dtype=np.uint8)
    rows[:, :_HEAD] = np.frombuffer(head, dtype=np.uint8)
    rows[:, _HEAD:-_SIGNATURE] = np.arange(size, dtype=">u2").view(np.uint8).reshape(size, _POSITION)
    rows[:, -_SIGNATURE:] = np.frombuffer(signature, dtype=np.uint8)
    return rows.tobytes()


def is_genuine(secret: bytes, identity: str) -> bool:
    """Return whether `make_ids` made `identity` under `secret`. Never raises, whatever the text."""
    content = _decoded(identity)
    if content is None:
        return False
    head, position, signature = content[:_HEAD], content[_HEAD:-_SIGNATURE], content[-_SIGNATURE:]
    size = int.from_bytes(head[-_SIZE:], "big")
    signed = hmac.compare_digest(_keyed(secret, b"id", head)[:_SIGNATURE], signature)
    return signed and int.from_bytes(position, "big") < size


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
