"""What the replicas of a node share for `/metrics`: their counts, who is alive, and what the dead have left.

Here belong files, locks and addition. Not here: which metrics there are (`serving.metrics.names`) and their text
form (`serving.metrics.registry`).

Each process counts in a file of its own in prometheus-client's multiprocess format, so a killed one loses nothing.
It holds a lock on another file while it lives, which the kernel frees. What is left of the dead is added to one
archive, replaced whole together with the list of those it contains: nothing is counted twice or lost, whoever is
killed in between, and the folder does not grow with every replica that came and went.
"""

import json
import os
import secrets
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import mmap_dict

from migraine_assets.stores.locks import acquire, file_lock

_Counts: Any = mmap_dict.MmapedDict  # its methods have no types
ARCHIVE = "archive.json"
# More would come from a label without end. So many fit the reserved space.
MOST_KEYS = 2000
_RESERVED = 1 << 20  # bytes


@dataclass(frozen=True)
class Snapshot:
    """The node at one moment: the sum of all counts ever by key, and the state of each living process."""

    totals: Mapping[str, float]
    states: tuple[Mapping[str, Any], ...]


class NodeFolder:
    """One process' part of the folder, and the view of the whole."""

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
        """Count `amount` at `key`."""
        with self._lock:
            value = self._values.get(key, 0.0) + amount
            self._set(key, value)

    def raise_to(self, key: str, value: float) -> None:
        """Let the count at `key`, which somebody else keeps, be `value`; never less than it was."""
        with self._lock:
            if value > self._values.get(key, 0.0):
                self._set(key, value)

    def publish(self, state: Mapping[str, Any]) -> None:
        """Replace what others see of this process' present state."""
        temporary = self._path(".new")
        temporary.write_text(json.dumps(state))
        temporary.replace(self._path(".state"))

    def snapshot(self) -> Snapshot:
        """Everything, after putting the dead into the archive."""
        with self._locked():
            archive = self._archived()
            living = self._living()
            totals = dict(archive)
            for name in living:
                _add(totals, self._folder / f"{name}.counts")
            states = tuple(state for name in living if (state := _read(self._folder / f"{name}.state")))
        return Snapshot(totals, states)

    def highest(self, name: str, value: float) -> float:
        """The highest `value` that any process of the node has ever named for `name`."""
        path = self._folder / f"highest-{name}.json"
        with self._locked():
            known = (_read(path) or {"value": 0.0})["value"]
            if value > known:
                _replace(path, {"value": value})
        return float(max(known, value))

    def close(self) -> None:
        """Leave: from now on this process counts as dead."""
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

    def _living(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.alive"))

    def _archived(self) -> dict[str, float]:
        """The archive with the dead in it; afterwards their files are gone."""
        archive = _read(self._folder / ARCHIVE) or {"totals": {}, "contains": []}
        dead = [name for name in self._living() if name != self._id and _is_dead(self._folder / f"{name}.alive")]
        if new := [name for name in dead if name not in archive["contains"]]:
            for name in new:
                _add(archive["totals"], self._folder / f"{name}.counts")
            _replace(self._folder / ARCHIVE, {"totals": archive["totals"], "contains": dead})
        for name in dead:
            # `.alive` last: a process is known by it.
            for suffix in (".counts", ".state", ".new", ".alive"):
                (self._folder / f"{name}{suffix}").unlink(missing_ok=True)
        totals: dict[str, float] = archive["totals"]
        return totals


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _reserved(path: Path) -> Path:
    """An empty file with its space on the disk taken: writing to memory that the disk has no room for is fatal."""
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
    # A process killed between its two files has no counts.
    if path.exists() and path.stat().st_size:
        for key, value, _, _ in _Counts.read_all_values_from_file(str(path)):
            totals[key] = totals.get(key, 0.0) + value


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None
