"""Accepted deliveries: their files, stored by content, and the append-only log of when each was accepted.

    deliveries/files/md5/ab/cdef...     a file, by the MD5 of its bytes; the listing of a folder ends in .dir
    deliveries/numbers/000001           reserves a number, so that no two entries share one
    deliveries/log/000001-<md5>.json    the entry of an accepted delivery
    deliveries/erased/<md5>.json        when the files of a delivery were deleted because a participant withdrew

The files have the layout of DVC's cache. Not here: reading diaries (`sources`), the clock (callers pass the time).
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from migraine_assets.core.dvc_hash import DIRECTORY_SUFFIX, directory_listing, directory_md5, md5
from migraine_assets.errors import DataRefused, FileMissing, StoreError
from migraine_assets.stores.documents import UNREADABLE, read_document, unless_damaged
from migraine_assets.stores.store import Store

if TYPE_CHECKING:  # It needs pandas, which the service does not load.
    from migraine_assets.core.diary.profile import Profile

FORMAT = 1

_FILES, _LOG, _NUMBERS = "deliveries/files/md5", "deliveries/log", "deliveries/numbers"
_ERASED = "deliveries/erased"
_NUMBER = re.compile(r"\d{6,}")


@dataclass(frozen=True)
class KeptFile:
    """A file of a delivery in the log; its bytes are stored under `md5`."""

    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class Acceptance:
    """One accepted delivery.

    `time`: ISO 8601. `md5`: the hash that DVC records. `accepted`, `quarantined`: numbers of rows. `mapping`: text of
    the mapping file, with its hash in `mapping_sha256`. `profile`: what the next delivery is compared with.
    `data_version`: as recorded by the run.
    """

    time: str
    source: str
    description: str
    md5: str
    files: tuple[KeptFile, ...]
    accepted: int
    quarantined: int
    data_version: str
    mapping: str | None
    mapping_sha256: str | None
    profile: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """An entry of the log. Numbers start at 1."""

    number: int
    acceptance: Acceptance


class _Header(msgspec.Struct):
    format: int
    number: int


class _Erased(msgspec.Struct):
    when: str


@dataclass(frozen=True)
class Restored:
    """A delivery with the verified bytes of its files, and everything else that is needed to read it again."""

    files: tuple[tuple[str, bytes], ...]
    mapping: str | None
    source: str
    entry: Entry


def keep(store: Store, files: Sequence[tuple[str, bytes]], *, identity: str) -> tuple[KeptFile, ...]:
    """Store `files` (name, bytes) by content. Content that is already stored is not written again.

    `identity` is the MD5 of the delivery, with the suffix `.dir` for a folder. Raises `ValueError` if it does not
    match `files`.
    """
    kept = tuple(KeptFile(name, md5(content), len(content)) for name, content in files)
    if identity != _identity(kept, folder=identity.endswith(DIRECTORY_SUFFIX)):
        raise ValueError(f"{identity} is not the MD5 of {', '.join(file.name for file in kept)}")
    for (_, content), file in zip(files, kept, strict=True):
        store.create(_path(file.md5), content)
    # An erased delivery that arrives again is available again.
    store.delete(f"{_ERASED}/{identity}.json")
    if identity.endswith(DIRECTORY_SUFFIX):
        # The listing comes last: if it exists, so does everything that it lists.
        store.create(_path(identity), directory_listing((file.name, file.md5) for file in kept))
    return kept


def record(
    store: Store,
    files: Sequence[KeptFile],
    *,
    time: str,
    source: str,
    description: str,
    identity: str,
    accepted: int,
    quarantined: int,
    mapping: str | None,
    profile: Mapping[str, Any],
    data_version: str,
) -> Entry:
    """Append an accepted delivery to the log, with a unique number.

    If the latest entry has the same source, content, mapping and data version, it is returned and nothing is written.
    """
    acceptance = Acceptance(
        time, source, description, identity, tuple(files), accepted, quarantined, data_version, mapping,
        None if mapping is None else hashlib.sha256(mapping.encode()).hexdigest(), profile,
    )  # fmt: skip
    last = latest(store)
    if last is not None and _same(last.acceptance, acceptance):
        return last
    number = _reserve_number(store, identity)
    document = {"format": FORMAT, "number": number, **asdict(acceptance)}
    store.write(f"{_LOG}/{_leaf(number, identity)}", json.dumps(document, indent=1, sort_keys=True).encode())
    return Entry(number, acceptance)


def previous_profile(store: Store, md5: str) -> "Profile | None":
    """Return the profile of the last accepted delivery other than `md5`; None if there is none."""
    others = [entry for entry in log(store) if entry.acceptance.md5 != md5]
    if not others:
        return None
    from migraine_assets.core.diary.profile import from_json

    return from_json(json.dumps(dict(others[-1].acceptance.profile)))


def log(store: Store, *, damaged: list[str] | None = None) -> tuple[Entry, ...]:
    """All accepted deliveries, oldest first.

    A damaged entry raises `StoreError`, or is skipped and named in `damaged`.
    """
    leaves = [leaf for leaf in store.list(_LOG) if leaf.endswith(".json")]
    entries = (unless_damaged(partial(_read, store, leaf), damaged) for leaf in leaves)
    return tuple(entry for entry in entries if entry is not None)


def latest(store: Store) -> Entry | None:
    """The delivery that was accepted last; None in a new store."""
    leaves = [leaf for leaf in store.list(_LOG) if leaf.endswith(".json")]
    return _read(store, leaves[-1]) if leaves else None


def find(store: Store, version: str) -> Entry:
    """The latest entry whose MD5 or data version starts with `version`.

    Raises `DataRefused`, with the versions that exist, if there is none or `version` is ambiguous.
    """
    entries = log(store)
    matches = [entry for entry in entries if version and _matches(entry.acceptance, version)]
    if len({entry.acceptance.md5 for entry in matches}) == 1:
        return matches[-1]
    known = ", ".join(dict.fromkeys(entry.acceptance.md5 for entry in matches or entries)) or "none"
    problem = "is ambiguous" if matches else "is not the version of an accepted delivery"
    raise DataRefused(f"'{version}' {problem}. Known versions: {known}.")


def restore(store: Store, version: str) -> Restored:
    """The delivery of `version` (see `find`), verified. Raises `StoreError` for altered or erased content."""
    return restored(store, find(store, version))


def restored(store: Store, entry: Entry) -> Restored:
    """The delivery of `entry`, verified. Raises `StoreError` for altered or erased content."""
    if when := erased_at(store, entry.acceptance.md5):
        raise StoreError(
            f"The diary {entry.acceptance.md5} was erased on {when} because a participant withdrew. "
            "Choose another data version."
        )
    files = tuple((file.name, _verified(store, file)) for file in entry.acceptance.files)
    return Restored(files, entry.acceptance.mapping, entry.acceptance.source, entry)


def erased_at(store: Store, identity: str) -> str | None:
    """When the files of the delivery were erased; None if they were not. Raises `StoreError` for a damaged entry."""
    try:
        return read_document(store, f"{_ERASED}/{identity}.json", _Erased, numbered=False).when
    except FileMissing:
        return None


def erase(store: Store, identity: str, *, also_erased: Set[str], when: str) -> None:
    """Delete the files of the delivery with this MD5, except those that other deliveries still need.

    `also_erased`: MD5s of deliveries that need no files, because they are erased too. The entry in the log stays, so
    that the training data of models remains known.
    """
    # A damaged entry needs its files no more: it cannot be repeated.
    entries = log(store, damaged=[])
    needed = {file.md5 for e in entries if e.acceptance.md5 not in also_erased for file in e.acceptance.files}
    # Written first, so that concurrent readers get the reason.
    store.write(f"{_ERASED}/{identity}.json", json.dumps({"when": when}).encode())
    files = {file.md5 for e in entries if e.acceptance.md5 == identity for file in e.acceptance.files}
    for digest in (*sorted(files - needed), identity):
        if digest not in needed:
            store.delete(_path(digest))


def _identity(files: Sequence[KeptFile], *, folder: bool) -> str | None:
    if folder:
        return directory_md5((file.name, file.md5) for file in files)
    return files[0].md5 if len(files) == 1 else None


def _path(digest: str) -> str:
    return f"{_FILES}/{digest[:2]}/{digest[2:]}"


def _leaf(number: int, identity: str) -> str:
    return f"{number:06d}-{identity}.json"


def _reserve_number(store: Store, identity: str) -> int:
    leaves = [leaf for folder in (_NUMBERS, _LOG) for leaf in store.list(folder)]
    taken = [int(match[0]) for leaf in leaves if (match := _NUMBER.match(leaf))]
    number = max(taken, default=0) + 1
    while not store.create(f"{_NUMBERS}/{number:06d}", identity.encode()):
        number += 1
    return number


def _same(one: Acceptance, other: Acceptance) -> bool:
    names = ("source", "md5", "mapping", "data_version")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _matches(acceptance: Acceptance, version: str) -> bool:
    return acceptance.md5.startswith(version) or acceptance.data_version.startswith(version)


def _read(store: Store, leaf: str) -> Entry:
    content = store.read(f"{_LOG}/{leaf}")
    try:
        header = msgspec.json.decode(content, type=_Header)
        if header.format != FORMAT:
            raise StoreError(f"{_LOG}/{leaf} has format {header.format}; this version reads {FORMAT}. Upgrade.")
        return Entry(header.number, msgspec.json.decode(content, type=Acceptance))
    except UNREADABLE as error:
        raise StoreError(f"{_LOG}/{leaf} in {store.uri} is damaged: {error}. Restore it from a backup.") from error


def _verified(store: Store, file: KeptFile) -> bytes:
    content = store.read(_path(file.md5))
    if md5(content) != file.md5:
        raise StoreError(
            f"The copy of {file.name} in {store.uri} was altered: {_path(file.md5)} has another MD5 than its name. "
            "Restore it from a backup."
        )
    return content
