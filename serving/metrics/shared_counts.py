"""The files in which the replicas of a node share their metrics: counts, states and an archive of dead replicas.

Each process counts in a memory-mapped file of its own, in the format of prometheus-client's multiprocess mode, so that
a killed process loses no count. While it is alive, it locks a second file; the kernel releases the lock at its death.
The counts of dead processes are added to an archive. It is replaced atomically together with the list of processes that
it contains, so at whatever moment a process is killed, no count is lost or added twice, and the folder does not grow.

Here belong files, locks and addition. Not here: the table of metrics (`serving.metrics.names`), Prometheus' format
(`serving.metrics.registry`).
"""

import os
import secrets
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from prometheus_client import mmap_dict

from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.locks import acquire, file_lock

Document = TypeVar("Document", bound=msgspec.Struct)

_Counts: Any = mmap_dict.MmapedDict  # its methods have no types
ARCHIVE = "archive.json"
# A limit on label values. This many keys fit the reserved space.
MOST_KEYS = 2000
_RESERVED = 1 << 20  # bytes


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that a replica holds. `model`: the hash of its bundle."""

    task: str
    arm: str
    algorithm: str
    model: str
    data_version: str


class ReplicaState(msgspec.Struct, frozen=True):
    """The gauges of one replica. `problems`: promoted models that it failed to load; `backlog`: unwritten records."""

    models: tuple[ModelInfo, ...] = ()
    ready: bool = False
    problems: int = 0
    backlog: int = 0
    in_progress: int = 0


@dataclass(frozen=True)
class Snapshot:
    """The node at one moment: the sum of all counts by key, and the state of each living replica."""

    totals: Mapping[str, float]
    states: tuple[ReplicaState, ...]


class _Archive(msgspec.Struct):
    """The counts of dead processes. `contains`: those whose files may still be there."""

    totals: dict[str, float]
    contains: list[str]


class _Highest(msgspec.Struct):
    value: float = 0.0


class NodeFolder:
    """The files of one process, and the view of the whole node."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._id = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._values: dict[str, float] = {}
        self._closed = False
        with self._locked():
            self._alive = os.open(self._path(".alive"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            acquire(self._alive)
            self._counts = _Counts(str(_reserved(self._path(".counts"))))

    def add(self, key: str, amount: float = 1.0) -> None:
        """Add `amount` to the count at `key`."""
        with self._lock:
            self._set(key, self._values.get(key, 0.0) + amount)

    def raise_to(self, key: str, value: float) -> None:
        """Raise the count at `key` to a total that is counted elsewhere. It never decreases."""
        with self._lock:
            if value > self._values.get(key, 0.0):
                self._set(key, value)

    def publish(self, state: ReplicaState) -> None:
        """Replace the state of this process that other replicas read."""
        temporary = self._path(".new")
        temporary.write_bytes(msgspec.json.encode(state))
        temporary.replace(self._path(".state"))

    def snapshot(self) -> Snapshot:
        """Return the state of the whole node, after adding the counts of dead processes to the archive."""
        with self._locked():
            totals = dict(self._archived())
            names = self._names()
            for name in names:
                _add(totals, self._folder / f"{name}.counts")
            states = [_read(self._folder / f"{name}.state", ReplicaState) for name in names]
        return Snapshot(totals, tuple(state for state in states if state is not None))

    def highest(self, name: str, value: float) -> float:
        """Return the highest `value` that any process of the node has passed for `name`."""
        path = self._folder / f"highest-{name}.json"
        with self._locked():
            known = (_read(path, _Highest) or _Highest()).value
            if value > known:
                _replace(path, _Highest(value))
        return float(max(known, value))

    def close(self) -> None:
        """Leave the node: this process now counts as dead."""
        with self._lock, self._locked():
            if not self._closed:
                self._closed = True
                self._counts.close()
                os.close(self._alive)

    def _set(self, key: str, value: float) -> None:
        if not self._closed and (key in self._values or len(self._values) < MOST_KEYS):
            self._values[key] = value
            self._counts.write_value(key, value, 0.0)

    def _path(self, suffix: str) -> Path:
        return self._folder / f"{self._id}{suffix}"

    def _locked(self) -> AbstractContextManager[None]:
        return file_lock(self._folder / "lock")

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.alive"))

    def _archived(self) -> dict[str, float]:
        """Return the totals of the archive, after adding dead processes to it and removing their files."""
        archive = _read(self._folder / ARCHIVE, _Archive) or _Archive({}, [])
        dead = [name for name in self._names() if name != self._id and _is_dead(self._folder / f"{name}.alive")]
        if new := [name for name in dead if name not in archive.contains]:
            for name in new:
                _add(archive.totals, self._folder / f"{name}.counts")
            _replace(self._folder / ARCHIVE, _Archive(archive.totals, dead))
        for name in dead:
            # `.alive` last, because it identifies the process.
            for suffix in (".counts", ".state", ".new", ".alive"):
                (self._folder / f"{name}{suffix}").unlink(missing_ok=True)
        return archive.totals


def _replace(path: Path, document: msgspec.Struct) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        file.write(msgspec.json.encode(document))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _reserved(path: Path) -> Path:
    """Create an empty file with reserved disk space. Without space, a write to mapped memory would kill the process."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, _RESERVED)
    finally:
        os.close(file)
    return path


def _is_dead(path: Path) -> bool:
    with path.open("rb") as file:
        return acquire(file, wait=False)


def _add(totals: dict[str, float], path: Path) -> None:
    # A process that was killed during its start has no counts.
    if path.exists() and path.stat().st_size:
        for key, value, _, _ in _Counts.read_all_values_from_file(str(path)):
            totals[key] = totals.get(key, 0.0) + value


def _read(path: Path, kind: type[Document]) -> Document | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, *UNREADABLE):
        return None
