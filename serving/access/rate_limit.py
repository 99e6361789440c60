"""Rate limits per API key or address, shared by all replicas of a node through a memory-mapped file.

Here belong the table and its arithmetic. Not here: what identifies a client (`serving.api.middleware`).

The algorithm is the generic cell rate algorithm (GCRA). It stores one number per client, the theoretical arrival time,
at which the burst is fully available again. A slot of the table holds the hash of the client and that time. If a
process is killed while it writes, the slot holds the old number, the new one, or a torn one, which is clamped when it
is read.
"""

import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from migraine_assets.stores.locks import acquire, release

SLOTS = 1 << 15
PROBES = 16
_SLOT = struct.Struct("<Qd")
_ATTEMPTS = 200
_ROUNDING = 1e-6  # seconds


class Limiter:
    """A limiter that allows each client `rate` requests per second and bursts of `burst`. A `rate` of 0 is no limit.

    `name` is the name of the file in `folder`. `clock` returns seconds. It must be monotonic and shared by all
    processes of the machine.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        rate: float,
        burst: int,
        name: str = "limits",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._tolerance = self._interval * (burst - 1)
        self._clock = clock
        self._table: mmap.mmap | None = None
        self._file = -1
        if rate and folder is not None:
            self._open(folder, name)

    @property
    def active(self) -> bool:
        """Whether there is a limit."""
        return self._table is not None

    def allow(self, client: str) -> float:
        """Count a request of `client`. Returns 0.0 if it is allowed, else the seconds until the next one is."""
        if self._table is None:
            return 0.0
        locked = self._lock()
        try:
            return self._charge(self._table, _hash(client))
        finally:
            if locked:
                release(self._file)

    def close(self) -> None:
        """Close the table. Afterwards every request is allowed."""
        if self._table is not None:
            self._table.close()
            os.close(self._file)
            self._table = None

    def _open(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Reserve the space: writing to a mapped page kills the process if the disk has no room for it.
        os.posix_fallocate(self._file, 0, SLOTS * _SLOT.size)
        self._table = mmap.mmap(self._file, SLOTS * _SLOT.size)

    def _lock(self) -> bool:
        """Try briefly to take the lock: a replica that hangs while it holds the lock must not stop the others."""
        for attempt in range(_ATTEMPTS):
            if acquire(self._file, wait=False):
                return True
            time.sleep(0 if attempt < _ATTEMPTS // 2 else 0.0001)
        return False

    def _charge(self, table: mmap.mmap, client: int) -> float:
        now = self._clock()
        offset, free_at = self._find(table, client, now)
        # A time out of bounds is torn, or from before a restart of the machine.
        free_at = min(max(free_at, now), now + self._tolerance + self._interval)
        if (wait := free_at - now - self._tolerance) > _ROUNDING:
            return wait
        _SLOT.pack_into(table, offset, client, free_at + self._interval)
        return 0.0

    @staticmethod
    def _find(table: mmap.mmap, client: int, now: float) -> tuple[int, float]:
        """Return offset and time of the slot of `client`, or else of the slot that was free first, as new."""
        oldest, oldest_time = 0, float("inf")
        for probe in range(PROBES):
            offset = (client + probe) % SLOTS * _SLOT.size
            owner, free_at = _SLOT.unpack_from(table, offset)
            if owner == client:
                return offset, free_at if free_at == free_at else now
            # `not >=` instead of `<`, because a torn number may be NaN.
            if not owner or not free_at >= oldest_time:
                oldest, oldest_time = offset, free_at if owner and free_at == free_at else float("-inf")
        return oldest, now


def _hash(client: str) -> int:
    digest = hashlib.blake2b(client.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
