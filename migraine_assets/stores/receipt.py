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
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Literal

import msgspec

Arm = Literal["champion", "canary", "ab"]

_TIME, _RANDOM, _SIGNATURE = 6, 9, 9  # bytes
_LENGTH = _TIME + _RANDOM + _SIGNATURE
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
    """`count` new identities of the same time. `random`: where as many unpredictable bytes as asked come from."""
    moment, drawn = int(time * 1000).to_bytes(_TIME, "big"), random(_RANDOM * count)
    bodies = [moment + drawn[at : at + _RANDOM] for at in range(0, len(drawn), _RANDOM)]
    signed = b"".join([body + signature[:_SIGNATURE] for body, signature in _keyed_each(secret, b"id", bodies)])
    # An identity has a multiple of three bytes, so that many side by side look as each alone does.
    text = base64.urlsafe_b64encode(signed).decode()
    return [text[at : at + ID_LENGTH] for at in range(0, len(text), ID_LENGTH)]


def is_genuine(secret: bytes, identity: str) -> bool:
    """Whether `identity` was made by `make_id` under `secret`. Never raises, whatever the text."""
    content = _decoded(identity)
    if content is None:
        return False
    body, signature = content[:-_SIGNATURE], content[-_SIGNATURE:]
    return hmac.compare_digest(_keyed(secret, b"id", body)[:_SIGNATURE], signature)


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
    [(_, digest)] = _keyed_each(secret, purpose, (content,))
    return digest


def _keyed_each(secret: bytes, purpose: bytes, contents: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each of `contents` with its digest."""
    key = _key(secret, purpose)
    for content in contents:
        keyed = key.copy()
        keyed.update(content)
        yield content, keyed.digest()


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
