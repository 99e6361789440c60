"""API keys: creation, revocation and checks. The store contains hashes only.

A key is `mig_<id>_<secret>`. The secret has 256 random bits, so one round of SHA-256 is enough. Every replica refuses
a revoked key within `REFRESH_SECONDS`.

Not here: which requests need a key (`serving.api.middleware`), rate limits (`serving.access.rate_limit`).
"""

import datetime as dt
import hashlib
import hmac
import re
import secrets
import threading
from functools import partial

import msgspec

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.documents import decode_document, read_document, unless_damaged
from migraine_assets.stores.store import Store
from serving.background import repeat

FOLDER = "serving/keys"
REFRESH_SECONDS = 2.0
_KEY = re.compile(r"mig_([0-9a-f]{12})_([A-Za-z0-9-]{43})")
_ID = re.compile(r"[0-9a-f]{12}")
_NO_SECRET = hashlib.sha256(b"").hexdigest()


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a key in the store. Times are ISO 8601 in UTC."""

    id: str
    name: str
    sha256: str
    created: str
    revoked: str | None = None


def create(store: Store, name: str, *, now: dt.datetime) -> tuple[str, KeyRecord]:
    """Create a key. Returns the key, which cannot be shown again, and its record."""
    identity = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32).replace("_", "-")
    record = KeyRecord(id=identity, name=name, sha256=_sha256(secret), created=now.isoformat(timespec="seconds"))
    store.write(_path(identity), msgspec.json.encode(record))
    return f"mig_{identity}_{secret}", record


def revoke(store: Store, identity: str, *, now: dt.datetime) -> KeyRecord:
    """Revoke the key with the id `identity`. Raises `ConfigurationError` if there is none."""
    if not _ID.fullmatch(identity) or not store.exists(_path(identity)):
        raise ConfigurationError(f"There is no API key '{identity}'. `migraine keys list` shows all keys.")
    record = read_document(store, _path(identity), KeyRecord, numbered=False, remedy="Its key is refused: delete it.")
    if record.revoked is None:
        record = msgspec.structs.replace(record, revoked=now.isoformat(timespec="seconds"))
        store.write(_path(identity), msgspec.json.encode(record))
    return record


def records(store: Store) -> list[KeyRecord]:
    """Return the records of all keys, oldest first. Damaged records are skipped, so their keys are refused."""
    keys = []
    for name in store.list(FOLDER):
        content = store.read(f"{FOLDER}/{name}")
        key = unless_damaged(partial(decode_document, content, KeyRecord, where=name, numbered=False), [])
        if key is not None:
            keys.append(key)
    return sorted(keys, key=lambda record: (record.created, record.id))


class KeyRing:
    """The valid keys that a replica knows. `required`: whether requests without a key are refused.

    They are read when the ring is created and by `refresh`, which a background thread calls after `start`.
    """

    def __init__(self, store: Store, *, required: bool) -> None:
        self.required = required
        self._store = store
        self._hashes: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.refresh()

    def check(self, header: str | None) -> str | None:
        """Return the id of the key in `header` (the key, or "Bearer " and the key), or None if it is not valid."""
        text = (header or "").strip()
        text = text[7:].strip() if text[:7].lower() == "bearer " else text
        match = _KEY.fullmatch(text)
        identity, secret = match.groups() if match else ("", "")
        # An unknown id takes as long as a wrong secret.
        same = hmac.compare_digest(self._hashes.get(identity, _NO_SECRET), _sha256(secret))
        return identity if same and identity in self._hashes else None

    def name_of(self, identity: str) -> str:
        """Return the name of the key `identity`. The name owns diaries, so that a key can be replaced by one of the
        same name.
        """
        return self._names[identity]

    def refresh(self) -> bool:
        """Read the keys from the store. Returns False, and keeps the known ones, if the store cannot be read."""
        try:
            valid = [record for record in records(self._store) if record.revoked is None]
        except (StoreError, OSError):
            return False
        # Names of revoked keys stay: a request may be between its check and its name.
        self._names = self._names | {record.id: record.name for record in valid}
        self._hashes = {record.id: record.sha256 for record in valid}
        return True

    def start(self) -> None:
        """Refresh every `REFRESH_SECONDS` in a background thread, until `close`."""
        self._thread = repeat("keys", self.refresh, interval=REFRESH_SECONDS, stop=self._stop)

    def close(self) -> None:
        """Stop the background thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


def _path(identity: str) -> str:
    return f"{FOLDER}/{identity}.json"


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
