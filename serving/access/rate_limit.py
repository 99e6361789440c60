"""The rate limit for each key or address over all replicas of a node, in one file that they map into memory.

Here belong the table and its arithmetic. Not here: who is asked (`serving.app` names keys and addresses).

The generic cell rate algorithm: for each client one number, the time at which it would have no debt left. A slot is
(hash of the client, that time); whoever is killed inside a change leaves the old number, the new one, or one that
is put into bounds when it is read, and the kernel frees its lock.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

SLOTS = 1 << 15
PROBES = 16
_SLOT = struct.Struct("<Qd")
_ATTEMPTS = 200
_ROUNDING = 1e-6  # seconds


class Limiter:
    """`rate` requests a second and `burst` at once for each client; `rate` 0 allows everything.

    `clock` gives seconds that all processes of the machine share and that never go back.
    """

    def __init__(
        self, folder: Path | None, *, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._tolerance = self._interval * (burst - 1)
        self._clock = clock
        self._table: mmap.mmap | None = None
        self._file = -1
        if rate and folder is not None:
            self._open(folder)

    def allow(self, client: str) -> float:
        """0.0 where `client` may go on, else the seconds after which it may try again."""
        if self._table is None:
            return 0.0
        locked = self._lock()
        try:
            return self._charge(self._table, _hash(client))
        finally:
            if locked:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the table; everything is allowed from then on."""
        if self._table is not None:
            self._table.close()
            os.close(self._file)
            self._table = None

    def _open(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(folder / "limits", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Writing to memory that the disk has no room for would be fatal.
        os.posix_fallocate(self._file, 0, SLOTS * _SLOT.size)
        self._table = mmap.mmap(self._file, SLOTS * _SLOT.size)

    def _lock(self) -> bool:
        """Whether the lock was taken. A replica that stands still with it must not stop the others."""
        for attempt in range(_ATTEMPTS):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0 if attempt < _ATTEMPTS // 2 else 0.0001)
            else:
                return True
        return False

    def _charge(self, table: mmap.mmap, client: int) -> float:
        now = self._clock()
        place, free_at = self._find(table, client, now)
        # A number out of bounds is from before a restart of the machine, or was torn.
        free_at = min(max(free_at, now), now + self._tolerance + self._interval)
        if (wait := free_at - now - self._tolerance) > _ROUNDING:
            return wait
        _SLOT.pack_into(table, place, client, free_at + self._interval)
        return 0.0

    @staticmethod
    def _find(table: mmap.mmap, client: int, now: float) -> tuple[int, float]:
        """The slot of `client`, or the one whose owner has waited longest, as new."""
        oldest, oldest_time = 0, float("inf")
        for probe in range(PROBES):
            place = (client + probe) % SLOTS * _SLOT.size
            owner, free_at = _SLOT.unpack_from(table, place)
            if owner == client:
                return place, free_at if free_at == free_at else now
            # Not a comparison with `<` alone: a torn number may be NaN.
            if not owner or not free_at >= oldest_time:
                oldest, oldest_time = place, free_at if owner and free_at == free_at else float("-inf")
        return oldest, now


def _hash(client: str) -> int:
    digest = hashlib.blake2b(client.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
