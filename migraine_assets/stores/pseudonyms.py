"""Pseudonyms of participants in the prediction log, in outcomes and in kept diaries: keyed hashes of their ids.

Not here: the secret (`stores.signing_secret`), the encrypted ids of kept diaries (`stores.diaries.names`).
"""

import hashlib
from functools import lru_cache


def pseudonym(secret: bytes, participant: str) -> str:
    """Return the pseudonym of a participant: 32 hexadecimal digits of a keyed hash, irreversible without the secret."""
    return keyed_hash(secret, b"participant", participant.encode("utf-8", "surrogatepass")).hex()


def keyed_hash(secret: bytes, purpose: bytes, content: bytes) -> bytes:
    """Return a hash of 16 bytes. `purpose` separates the keys that are derived from `secret`."""
    keyed = _key(secret, purpose).copy()
    keyed.update(content)
    return keyed.digest()


@lru_cache(maxsize=8)
def _key(secret: bytes, purpose: bytes) -> "hashlib.blake2b":
    return hashlib.blake2b(key=hashlib.sha256(secret).digest(), person=purpose, digest_size=16)
