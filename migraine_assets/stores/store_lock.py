"""The lock of a store: only one run, monitoring or erasure writes its assets at a time, from any home or machine.

Processes of one run share the lock by naming the same owner. On a local disk it is a kernel lock, which is released
when the last of them dies. In an object store it is a lease: the newest of several numbered objects. Only one of
several clients can create the object with a number, so only one gets the lease. The holder renews it. A client that has
seen no change for `TTL_SECONDS`, measured by its own clock, takes the next number. A run that lost its lease finds a
newer one and promotes nothing (`check_held`).

Not here: the holders (`cli.dagster.run_lock`, `defs.executors`), locks of single files (`stores.locks`), the lock of
the pointer (`stores.registry.champions`).
"""

import fcntl
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import Document, read_document, write_document
from migraine_assets.stores.documents import encode_document as encode
from migraine_assets.stores.file_modes import append_file, closing_file, write_all
from migraine_assets.stores.locks import LockHeld, acquire, file_lock
from migraine_assets.stores.store import Store

LOCK, GUARD = ".run.lock", ".run.guard"
LEASES = "leases"
TTL_SECONDS, RENEW_SECONDS, POLL_SECONDS = 120.0, 15.0, 2.0
_KEPT = 20  # old leases
_NAME = re.compile(r"(\d{6,})\.json")


class LeaseLost(StoreError):
    """Another run has taken over the store, because this one did not renew its lease."""


class Lease(Document, frozen=True, kw_only=True):
    """A lease. `beat` changes with each renewal."""

    owner: str
    beat: str
    released: bool = False


@contextmanager
def hold_store(
    store: Store,
    owner: str,
    *,
    wait_seconds: float = 0.0,
    on_wait: Callable[[str], object] = lambda _: None,
    ttl_seconds: float = TTL_SECONDS,
    renew_seconds: float = RENEW_SECONDS,
) -> Iterator[None]:
    """Hold the lock of `store` in this block, possibly shared with other processes of the same `owner`.

    Raises `LockHeld` if another owner still holds it after `wait_seconds`. `on_wait` is called once, with a message, if
    it is necessary to wait.
    """
    deadline, announced = time.monotonic() + wait_seconds, False
    lease = _LeaseHolder(store, owner, ttl=ttl_seconds, renew=renew_seconds)
    while True:
        file = _enter_local(Path(store.root), owner) if store.local else lease.enter()
        if file is not None:
            break
        if time.monotonic() >= deadline and (store.local or lease.holder_lives):
            raise LockHeld(f"Another run or erasure is active on the store {store.uri}.")
        if not announced:
            on_wait(f"Waiting for another run on the store {store.uri}.")
            announced = True
        time.sleep(min(POLL_SECONDS, renew_seconds))
    if not store.local:
        with lease.renewed():
            yield
        return
    with closing_file(file):
        yield


def check_held(store: Store, owner: str) -> None:
    """Raise `LeaseLost` if `owner` held the lease of the store and another owner has held it since.

    On a local disk, a lock cannot be lost.
    """
    if store.local:
        return
    numbers = _numbers(store)
    newest = _read(store, numbers[-1]) if numbers else None
    if newest is None or newest.owner == owner:
        return
    if not newest.released or any(lease and lease.owner == owner for lease in (_read(store, n) for n in numbers[:-1])):
        raise LeaseLost(
            f"Another run has taken over the store {store.uri}, because this one did not reach it for "
            f"{TTL_SECONDS:.0f} s. Nothing was promoted. Run again."
        )


def _enter_local(root: Path, owner: str) -> int | None:
    """Lock the file for `owner`. Return the descriptor that holds the lock; None if another owner holds it."""
    with file_lock(root / GUARD):
        file = append_file(root / LOCK)
        acquired = acquire(file, wait=False)
        if acquired:
            os.ftruncate(file, 0)
            write_all(file, owner.encode())
        elif (root / LOCK).read_bytes() != owner.encode():
            os.close(file)
            return None
        # Convert to a shared lock, so that other processes of the owner can enter. The guard prevents a race.
        fcntl.flock(file, fcntl.LOCK_SH)
        return file


class _LeaseHolder:
    """The state of a process that holds the lease of an object store, or waits for it."""

    def __init__(self, store: Store, owner: str, *, ttl: float, renew: float) -> None:
        self._store, self._owner, self._ttl, self._renew = store, owner, ttl, renew
        self._number, self._created = 0, False
        self._seen: tuple[int, str] | None = None
        self._since = time.monotonic()
        self._stop = threading.Event()
        self.holder_lives = False

    def enter(self) -> int | None:
        """Take the lease and return its number; None if another owner holds it, as far as is known."""
        numbers = _numbers(self._store)
        number = numbers[-1] if numbers else 0
        lease = _read(self._store, number) if number else None
        if lease is not None and not lease.released:
            if lease.owner == self._owner:
                self._number = number
                return number
            if not self._expired(number, lease):
                return None
        if not self._store.create(_path(number + 1), encode(self._lease())):
            return None
        self._number, self._created = number + 1, True
        for old in numbers[:-_KEPT]:
            self._store.delete(_path(old))
        return self._number

    def _expired(self, number: int, lease: Lease) -> bool:
        """Return whether the lease has not changed for its whole duration, measured by this machine's clock."""
        observed = (number, lease.beat)
        if observed != self._seen:
            self.holder_lives = self._seen is not None and self._seen[0] == number
            self._seen, self._since = observed, time.monotonic()
        return time.monotonic() - self._since > self._ttl

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lease in this block, and release it at the end."""
        thread = threading.Thread(target=self._run, name="store-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            # A process that joined leaves the release to the process that took the lease.
            if self._created and _numbers(self._store)[-1:] == [self._number]:
                write_document(self._store, _path(self._number), self._lease(released=True))

    def _run(self) -> None:
        while not self._stop.wait(self._renew):
            try:
                if _numbers(self._store)[-1:] != [self._number]:
                    return  # another run took over, which `check_held` reports
                write_document(self._store, _path(self._number), self._lease())
            except StoreError:
                continue  # try again; the lease expires if the store stays unreachable

    def _lease(self, *, released: bool = False) -> Lease:
        return Lease(owner=self._owner, beat=uuid.uuid4().hex, released=released)


def _numbers(store: Store) -> list[int]:
    return sorted(int(match[1]) for leaf in store.list(LEASES) if (match := _NAME.fullmatch(leaf)))


def _read(store: Store, number: int) -> Lease | None:
    """Return the lease; None if there is none. A damaged file is a released lease, so it cannot block the store."""
    try:
        return read_document(store, _path(number), Lease)
    except StoreError:
        if not store.exists(_path(number)):
            return None
        return Lease(owner="", beat="damaged", released=True)


def _path(number: int) -> str:
    return f"{LEASES}/{number:06d}.json"
