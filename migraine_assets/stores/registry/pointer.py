"""The champion pointer: a small file with the bundles that serve now, which is replaced atomically.

Format 1 had no rollouts and can still be read. Not here: changing the pointer (`stores.registry.champions`,
`stores.registry.rollouts`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from migraine_assets.errors import FileMissing, StoreError
from migraine_assets.stores.documents import read_document, write_document
from migraine_assets.stores.store import Store

FORMAT = 2
READABLE = (1, 2)
POINTER = "registry/pointer.json"
REMEDY = (
    "The promotion records beside it list what served; restore the file from a backup, or move it away and promote "
    "again."
)

BundleHash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Mode = Literal["shadow", "canary", "ab"]


class Serving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bundles that serve one task, since when (ISO 8601, UTC), and their promotion record."""

    champion: BundleHash
    challenger: BundleHash | None
    since: str
    record: str


class Rollout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rollout candidate beside the champion of a task: its share of traffic, and who started it, when and why.

    `mode`: in `shadow` mode, the candidate predicts without answering; in `canary` and `ab` mode, it answers `percent`
    of the participants. `against`: the champion when the rollout started.
    """

    mode: Mode
    bundle: BundleHash
    percent: Percent
    against: BundleHash
    who: str
    since: str
    why: str

    def __post_init__(self) -> None:
        """Refuse a start without a time zone, since the duration of the rollout is computed from it."""
        if dt.datetime.fromisoformat(self.since).tzinfo is None:
            raise ValueError(f"the start '{self.since}' has no time zone")


class Pointer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The pointer file. `version` increases by one with each change; 0 means that nothing was ever promoted."""

    version: int
    tasks: dict[str, Serving]
    rollouts: dict[str, Rollout] = msgspec.field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True)
class RefreshedPointer:
    """The pointer to use. `problem`: if the file is invalid, the reason why the last valid pointer is used."""

    pointer: Pointer
    problem: str | None = None


def new_pointer(version: int, tasks: Mapping[str, Serving], rollouts: Mapping[str, Rollout]) -> Pointer:
    """Return a pointer in the current format."""
    return Pointer(version, dict(tasks), dict(rollouts))


def read_pointer(store: Store) -> Pointer:
    """Return the verified pointer, with version 0 if there is none. Raises `StoreError` if it is invalid."""
    try:
        pointer = read_document(store, POINTER, Pointer, formats=READABLE, remedy=REMEDY)
    except FileMissing:
        return Pointer(0, {})
    return new_pointer(pointer.version, pointer.tasks, pointer.rollouts)


def refresh_pointer(store: Store, last: Pointer | None) -> RefreshedPointer:
    """Read the pointer again; if the file is missing or invalid, return `last` with the reason.

    Raises `StoreError` if the file is invalid and `last` is None.
    """
    try:
        pointer = read_pointer(store)
    except StoreError as error:
        if last is None:
            raise
        return RefreshedPointer(last, str(error))
    if last is not None and last.version and not pointer.version:
        return RefreshedPointer(last, f"'{POINTER}' has disappeared from {store.uri}.")
    return RefreshedPointer(pointer)


def write_pointer(store: Store, pointer: Pointer) -> None:
    """Replace the pointer file. Only `stores.registry` calls this."""
    write_document(store, POINTER, pointer)
