"""Cached values of assets, each stored under a fingerprint of everything that determines it.

Not here: computing fingerprints (`defs.caching`).
"""

from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.current_values import StoredValue, decode
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

FOLDER = "memo"


def write_cached(store: Store, fingerprint: str, value: StoredValue) -> None:
    """Store `value` under `fingerprint`, a SHA-256 in hex."""
    store.write(_path(fingerprint), value.encode())


def read_cached(store: Store, fingerprint: str) -> StoredValue | None:
    """Return the value under `fingerprint`; None if there is none or its file is damaged.

    The caller must check that files to which the value refers still exist.
    """
    if not store.exists(_path(fingerprint)):
        return None
    try:
        return decode(store.read(_path(fingerprint)))
    except (StoreError, *UNREADABLE):
        return None


def _path(fingerprint: str) -> str:
    if len(fingerprint) != 64 or not set(fingerprint) <= set("0123456789abcdef"):
        raise ValueError(f"'{fingerprint}' is not a SHA-256")
    return f"{FOLDER}/{fingerprint}.json"
