"""The secret that all replicas share: signs prediction ids, makes pseudonyms, keeps a participant with its model.

Whoever changes it makes the ids given before unknown and the pseudonyms others.
"""

import secrets

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

PATH = "serving/secret"
_LENGTH = 32  # bytes


def shared_secret(store: Store, *, given: str | None = None) -> bytes:
    """The one that is `given`, else the one in the store, made by whoever comes first.

    Where the store cannot be written a new one serves this process alone: its predictions work, but other
    replicas do not know their ids.
    """
    if given:
        return given.encode()
    new = secrets.token_hex(_LENGTH).encode()
    try:
        store.create(PATH, new)
        return store.read(PATH).strip() or new
    except StoreError:
        return new
