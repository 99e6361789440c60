"""What is kept of an answer: `Receipt`, `Feedback`, and the identities that appear in them.

Here belong the records and the keyed hashes. Not here: writing them (`segments`) and reading them (`log_reading`).

An identity carries its time and a signature under the secret that all replicas share, so that each of them can
tell a genuine one without looking it up, and a reader knows in which day to look.
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

# Bytes: when, what tells families apart, the size of the family, the place in it, the signature of all but the place.
_TIME, _RANDOM, _SIZE, _PLACE, _SIGNATURE = 6, 5, 2, 2, 9
_HEAD = _TIME + _RANDOM + _SIZE
_LENGTH = _HEAD + _PLACE + _SIGNATURE
_FAMILY = 60_000
ID_LENGTH = _LENGTH * 4 // 3  # characters


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `time`: seconds since 1970, UTC. `participant`: a pseudonym. `for_date`: ISO 8601.

    By task: `features` in the order of the manifest of the bundle that answered (null is None; a NaN is written
    as null), `outputs` as the bundle gave them (None: no number), `bundles` (hashes). `shadow_outputs` and
    `shadow_bundles`: what a challenger said silently, from `shadow_features` (only for tasks whose challenger has
    other inputs).
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


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What came true for a prediction, told later. The last word on a `prediction_id` counts."""

    prediction_id: str
    migraine_occurrence: bool
    migraine_severity: float | None = None
    time: float = 0.0


def make_id(secret: bytes, *, time: float) -> str:
    """A new identity, 32 characters safe in a URL. `time`: seconds since 1970."""
    return make_ids(secret, 1, time=time)[0]


def make_ids(secret: bytes, count: int, *, time: float, random: Callable[[int], bytes] = os.urandom) -> list[str]:
    """`count` new identities of the same time. `random`: where as many unpredictable bytes as asked come from.

    Those of one call are a family with one signature, which says how many they are: signing each of a hundred thousand
    would take as long as predicting for them.
    """
    moment, ids = int(time * 1000).to_bytes(_TIME, "big"), []
    for first in range(0, count, _FAMILY):
        size = min(_FAMILY, count - first)
        content = _family(secret, moment + random(_RANDOM) + size.to_bytes(_SIZE, "big"), size)
        # An identity has a multiple of three bytes, so that many side by side look as each alone does.
        text = base64.urlsafe_b64encode(content).decode()
        ids += [text[at : at + ID_LENGTH] for at in range(0, len(text), ID_LENGTH)]
    return ids


def _family(secret: bytes, head: bytes, size: int) -> bytes:
    """The bytes of `size` identities, one after another."""
    signature = _keyed(secret, b"id", head)[:_SIGNATURE]
    if size == 1:  # NumPy takes longer for one
        return head + bytes(_PLACE) + signature
    rows = np.empty((size, _LENGTH), dtype=np.uint8)
    rows[:, :_HEAD] = np.frombuffer(head, dtype=np.uint8)
    rows[:, _HEAD:-_SIGNATURE] = np.arange(size, dtype=">u2").view(np.uint8).reshape(size, _PLACE)
    rows[:, -_SIGNATURE:] = np.frombuffer(signature, dtype=np.uint8)
    return rows.tobytes()


def is_genuine(secret: bytes, identity: str) -> bool:
    """Whether `identity` was made by `make_ids` under `secret`. Never raises, whatever the text."""
    content = _decoded(identity)
    if content is None:
        return False
    head, place, signature = content[:_HEAD], content[_HEAD:-_SIGNATURE], content[-_SIGNATURE:]
    size = int.from_bytes(head[-_SIZE:], "big")
    signed = hmac.compare_digest(_keyed(secret, b"id", head)[:_SIGNATURE], signature)
    return signed and int.from_bytes(place, "big") < size


def made_at(identity: str) -> dt.datetime | None:
    """When `identity` was made, UTC; None where it is none. The signature is not checked."""
    content = _decoded(identity)
    if content is None:
        return None
    return dt.datetime.fromtimestamp(int.from_bytes(content[:_TIME], "big") / 1000, dt.UTC)


def pseudonym(secret: bytes, participant: str) -> str:
    """The same 32 hexadecimal digits for the same participant; without the secret nobody can go back."""
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
