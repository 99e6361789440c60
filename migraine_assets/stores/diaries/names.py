"""Ids of participants in the database of diaries: a keyed hash for look-ups, and the encrypted id.

Both keys are derived from the signing secret of the service. The hash is that of the prediction log. Not here: the
secret (`stores.signing_secret`), the hash (`stores.pseudonyms`).
"""

import hashlib
import os
from functools import lru_cache
from typing import Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.pseudonyms import pseudonym

_NONCE = 12  # bytes
# The hash of this name shows whether a database was written with the same secret. No participant can have it.
_CHECK = "\ndiaries"


class Names:
    """Pseudonyms and encryption of participant ids with `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def pseudonym(self, participant: str) -> str:
        """Return the keyed hash of `participant`, as in the tables and in the prediction log."""
        return pseudonym(self._secret, participant)

    @property
    def check(self) -> str:
        """A value that is equal only for equal secrets."""
        return pseudonym(self._secret, _CHECK)

    def seal(self, participant: str, *, owner: str) -> bytes:
        """Return the encrypted id (AES-256-GCM), bound to `owner`."""
        nonce = os.urandom(_NONCE)
        return nonce + bytes(_cipher(self._secret).encrypt(nonce, participant.encode(), owner.encode()))

    def open(self, sealed: bytes, *, owner: str) -> str:
        """Return the id in `sealed`. Raises `StoreError` if it was altered, or encrypted with another secret."""
        from cryptography.exceptions import InvalidTag

        try:
            name = _cipher(self._secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode())
        except (InvalidTag, ValueError) as error:
            raise StoreError("The encrypted name of a kept diary cannot be read: it was altered.") from error
        return bytes(name).decode()


@lru_cache(maxsize=8)
def _cipher(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = hashlib.blake2b(key=hashlib.sha256(secret).digest(), person=b"diary names", digest_size=32).digest()
    return AESGCM(key)
