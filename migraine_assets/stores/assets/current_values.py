"""The current value of each asset: the value of its last materialization, as a JSON document.

Not here: the types of values (`defs.refs`), frames (`stores.assets.frames`).
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

FOLDER = "assets"
REMEDY = "Delete it and run again."


class StoredValue(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value as JSON: the name of its type, its fields, and the ID of the Dagster run that computed it."""

    type: str
    value: dict[str, Any]
    run: str = ""

    def encode(self) -> bytes:
        """Encode the value as JSON. Raises `ValueError` for a NaN or an infinity."""
        # msgspec would write NaN as null.
        return json.dumps(msgspec.to_builtins(self), indent=1, sort_keys=True, allow_nan=False).encode()


def decode(content: bytes) -> StoredValue:
    """Decode a value that `StoredValue.encode` wrote. Raises one of the errors in `UNREADABLE` for any other bytes."""
    return msgspec.json.decode(content, type=StoredValue)


def write_current(store: Store, asset_key: str, value: StoredValue) -> None:
    """Replace the current value of the asset atomically."""
    store.write(_path(asset_key), value.encode())


def read_current(store: Store, asset_key: str) -> StoredValue | None:
    """Return the current value of the asset; None if it was never materialized.

    Raises `StoreError` for a damaged file.
    """
    path = _path(asset_key)
    if not store.exists(path):
        return None
    try:
        return decode(store.read(path))
    except UNREADABLE as error:
        raise StoreError(f"'{path}' in {store.uri} is damaged: {error}. {REMEDY}") from error


def paths(store: Store, folder: str = FOLDER) -> Iterator[str]:
    """Yield the path of the current value of every asset."""
    for name in store.list(folder):
        path = f"{folder}/{name}"
        if name.endswith(".json"):
            yield path
        else:
            yield from paths(store, path)


def _path(asset_key: str) -> str:
    return f"{FOLDER}/{asset_key}.json"
