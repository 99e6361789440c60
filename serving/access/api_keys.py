"""API keys: made, revoked, and checked. The store keeps hashes only.

Here belong the keys. Not here: which requests need one (`serving.app`), and rate limits (`serving.access.rate_limit`).

A key is `mig_<id>_<secret>`. Its secret has 256 random bits, so one round of SHA-256 is enough: there is nothing
to guess. A revoked key is refused by every replica within `REFRESH_SECONDS`.
"""

import datetime as dt
import hashlib
import hmac
import re
import secrets
import threading
import time

import msgspec

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.store import Store

FOLDER = "serving/keys"
REFRESH_SECONDS = 2.0
_KEY = re.compile(r"mig_([0-9a-f]{12})_([A-Za-z0-9-]{43})")
_ID = re.compile(r"[0-9a-f]{12}")
_NOTHING = hashlib.sha256(b"").hexdigest()


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key. Times are ISO 8601, UTC."""

    id: str
    name: str
    sha256: str
    created: str
    revoked: str | None = None


def create(store: Store, name: str, *, now: dt.datetime) -> tuple[str, KeyRecord]:
    """A new key, which nobody can show again, and its record."""
    identity = secrets.token_hex(6)
    secret = secrets.token_urlsafe(32).replace("_", "-")
    record = KeyRecord(id=identity, name=name, sha256=_sha256(secret), created=now.isoformat(timespec="seconds"))
    store.write(_path(identity), msgspec.json.encode(record))
    return f"mig_{identity}_{secret}", record


def revoke(store: Store, identity: str, *, now: dt.datetime) -> KeyRecord:
    """Let the key `identity` no longer open anything. Raises `ConfigurationError` where there is none."""
    if not _ID.fullmatch(identity) or not store.exists(_path(identity)):
        raise ConfigurationError(f"There is no API key '{identity}'. `migraine keys list` shows those that exist.")
    record = msgspec.json.decode(store.read(_path(identity)), type=KeyRecord)
    if record.revoked is None:
        record = msgspec.structs.replace(record, revoked=now.isoformat(timespec="seconds"))
        store.write(_path(identity), msgspec.json.encode(record))
    return record


def records(store: Store) -> list[KeyRecord]:
    """Every key ever made, oldest first. A damaged record opens nothing and is left out."""
    found = []
    for name in store.list(FOLDER):
        try:
            found.append(msgspec.json.decode(store.read(f"{FOLDER}/{name}"), type=KeyRecord))
        except msgspec.DecodeError:
            continue
    return sorted(found, key=lambda record: (record.created, record.id))


class KeyRing:
    """The keys as a replica knows them. `required`: whether a request without a key is refused.

    `start` keeps them fresh from a thread; without it the keys are those of the beginning and of `refresh`.
    """

    def __init__(self, store: Store, *, required: bool) -> None:
        self.required = required
        self._store = store
        self._hashes: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.refresh()

    def check(self, header: str | None) -> str | None:
        """The id of the key in `header` (the key alone, or after "Bearer "); None where it opens nothing."""
        text = (header or "").strip()
        text = text[7:].strip() if text[:7].lower() == "bearer " else text
        match = _KEY.fullmatch(text)
        identity, secret = match.groups() if match else ("", "")
        # The same work for a key that does not exist as for one with a wrong secret.
        same = hmac.compare_digest(self._hashes.get(identity, _NOTHING), _sha256(secret))
        return identity if same and identity in self._hashes else None

    def refresh(self) -> bool:
        """Look at the store; whether that was possible. Where it was not, the keys stay as they were."""
        try:
            self._hashes = {record.id: record.sha256 for record in records(self._store) if record.revoked is None}
        except (StoreError, OSError):
            return False
        return True

    def start(self) -> None:
        """Look again every `REFRESH_SECONDS`, until `close`."""
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS):
            self.refresh()


def now() -> dt.datetime:
    """The time for a new record."""
    return dt.datetime.fromtimestamp(time.time(), dt.UTC)


def _path(identity: str) -> str:
    return f"{FOLDER}/{identity}.json"


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
