"""The secret that all replicas share. It signs prediction ids, makes pseudonyms and assigns participants to models.

With another secret, earlier prediction ids are unknown and all pseudonyms change. Not here: prediction ids
(`stores.prediction_log.prediction_ids`), pseudonyms (`stores.pseudonyms`).
"""

import secrets

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

PATH = "serving/secret"
_LENGTH = 32  # bytes


def shared_secret(store: Store, *, configured: str | None = None) -> bytes:
    """Return the `configured` secret, or the one in the store, which the first caller creates.

    If the store cannot be written, this process gets its own secret. Its predictions work, but other replicas do not
    recognize their ids.
    """
    if configured:
        return configured.encode()
    new = secrets.token_hex(_LENGTH).encode()
    try:
        store.create(PATH, new)
        return store.read(PATH).strip() or new
    except StoreError:
        return new
