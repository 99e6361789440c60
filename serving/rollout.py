"""Who gets which model while two of them are on trial: the choice of arm, pure.

Not here: what is on trial (`migraine_assets.stores.pointer`), loading it (`models`).

The choice depends on the task, the trial and the person alone, under the secret that all replicas share: sticky
without a memory, the same on every replica, and no pattern for a client to guess. A larger percentage keeps everybody
who was in. A request without a participant is sticky by its own content, so that a repeated one gets the same answer.
"""

import hashlib

# Of 2^64: the share of people in the trial.
_WHOLE = 1 << 64


def in_trial(key: bytes, *, secret: bytes, trial: str, percent: float) -> bool:
    """Whether the person `key` is among the `percent` (0-100) who get the model of `trial`."""
    digest = hashlib.blake2b(key, key=hashlib.sha256(secret).digest(), salt=_salt(trial), digest_size=8).digest()
    return int.from_bytes(digest, "big") < int(percent / 100 * _WHOLE)


def _salt(trial: str) -> bytes:
    return hashlib.blake2b(trial.encode(), digest_size=16).digest()
