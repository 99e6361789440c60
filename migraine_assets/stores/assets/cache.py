"""Remembered results: what was made from which inputs, so that nothing is computed twice.

Here belong the fingerprint and the note kept under it. Not here: what goes into a fingerprint.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

FOLDER = "memo"


def fingerprint(inputs: Mapping[str, Any]) -> str:
    """The SHA-256 of JSON-able `inputs`; the order of keys does not matter. NaN and infinities are refused."""
    canonical = json.dumps(inputs, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def memo_put(store: Store, key: str, result: Mapping[str, Any]) -> None:
    """Remember `result` (JSON-able) under the fingerprint `key`."""
    store.write(_path(key), json.dumps(result, indent=1, sort_keys=True, allow_nan=False).encode())


def memo_get(store: Store, key: str) -> dict[str, Any] | None:
    """What was remembered under `key`; None where nothing was, or where the note is damaged.

    What the result refers to may be gone by now: whoever asks must look.
    """
    if not store.exists(_path(key)):
        return None
    try:
        result = json.loads(store.read(_path(key)))
    except (StoreError, ValueError):
        return None
    return result if isinstance(result, dict) else None


def _path(key: str) -> str:
    if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
        raise ValueError(f"'{key}' is not a SHA-256")
    return f"{FOLDER}/{key}.json"
