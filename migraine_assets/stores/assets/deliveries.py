"""Every accepted delivery, kept by content, and the log of what was accepted when.

Here belong the bytes, in the layout of DVC's cache, and the append-only log. Not here: reading diaries
(`sources`), the clock (the time is passed in).

    deliveries/files/md5/ab/cdef...     a file under the MD5 of its bytes; a folder's listing ends in .dir
    deliveries/numbers/000001           claims a number, so that two writers never share one
    deliveries/log/000001-<md5>.json    one accepted delivery
    deliveries/erased/<md5>.json        when the bytes of a delivery were removed, since a participant withdrew
"""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

from migraine_assets.core.dvc_hash import DIRECTORY_SUFFIX, directory_listing, directory_md5, md5
from migraine_assets.errors import DataRefused, StoreError
from migraine_assets.stores.store import Store

FORMAT = 1

_FILES, _LOG, _NUMBERS = "deliveries/files/md5", "deliveries/log", "deliveries/numbers"
_ERASED = "deliveries/erased"


@dataclass(frozen=True)
class KeptFile:
    """A file of a delivery as the log names it; its bytes lie under `md5`."""

    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class Acceptance:
    """What the log says of one accepted delivery.

    `time` is ISO 8601; `md5` the identity that DVC records; `mapping` the mapping's text, `mapping_sha256` its
    hash; `profile` whatever the caller compares the next delivery with; `data_version` the data version that
    the run recorded.
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
    """An acceptance with its number in the log, from 1 on."""

    number: int
    acceptance: Acceptance


@dataclass(frozen=True)
class Restored:
    """A delivery as it was: its files with their bytes, verified, and what else is needed to read it again."""

    files: tuple[tuple[str, bytes], ...]
    mapping: str | None
    source: str
    entry: Entry


def keep(store: Store, files: Sequence[tuple[str, bytes]], *, identity: str) -> tuple[KeptFile, ...]:
    """Keep `files` (name, bytes) under their content; known content is not written again.

    `identity` is the delivery's MD5, with `.dir` for a folder. Raises `ValueError` where it is not
    that of `files`.
    """
    kept = tuple(KeptFile(name, md5(content), len(content)) for name, content in files)
    if identity != _identity(kept, folder=identity.endswith(DIRECTORY_SUFFIX)):
        raise ValueError(f"{identity} is not the identity of {', '.join(file.name for file in kept)}")
    for (_, content), file in zip(files, kept, strict=True):
        store.create(_place(file.md5), content)
    # Delivered once more, it is there again.
    store.delete(f"{_ERASED}/{identity}.json")
    if identity.endswith(DIRECTORY_SUFFIX):
        # The listing last: where it is there, so is everything that it lists.
        store.create(_place(identity), directory_listing((file.name, file.md5) for file in kept))
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
    """Append an acceptance to the log, with a number that no other has.

    Where the latest entry already tells of the same source, content, mapping and data version, that entry is
    returned and nothing is written.
    """
    acceptance = Acceptance(
        time, source, description, identity, tuple(files), accepted, quarantined, data_version, mapping,
        None if mapping is None else hashlib.sha256(mapping.encode()).hexdigest(), profile,
    )  # fmt: skip
    last = latest(store)
    if last is not None and _same(last.acceptance, acceptance):
        return last
    number = _claim(store, identity)
    document = {"format": FORMAT, "number": number, **asdict(acceptance)}
    store.write(f"{_LOG}/{_leaf(number, identity)}", json.dumps(document, indent=1, sort_keys=True).encode())
    return Entry(number, acceptance)


def log(store: Store) -> tuple[Entry, ...]:
    """All accepted deliveries, oldest first. Raises `StoreError` naming a damaged entry."""
    return tuple(_read(store, leaf) for leaf in store.list(_LOG) if leaf.endswith(".json"))


def latest(store: Store) -> Entry | None:
    """The delivery accepted last; None in a fresh store."""
    leaves = [leaf for leaf in store.list(_LOG) if leaf.endswith(".json")]
    return _read(store, leaves[-1]) if leaves else None


def find(store: Store, version: str) -> Entry:
    """The latest entry whose MD5 or data version is, or begins with, `version`.

    Raises `DataRefused` where there is none, or where it begins several; the sentence names what there is.
    """
    entries = log(store)
    found = [entry for entry in entries if version and _named(entry.acceptance, version)]
    if len({entry.acceptance.md5 for entry in found}) == 1:
        return found[-1]
    there = ", ".join(dict.fromkeys(entry.acceptance.md5 for entry in found or entries)) or "none yet"
    problem = "begins more than one kept delivery" if found else "is no kept delivery"
    raise DataRefused(f"'{version}' {problem}. There are: {there}.")


def restore(store: Store, version: str) -> Restored:
    """The delivery of `version` (see `find`), every byte checked. Raises `StoreError` for altered content."""
    entry = find(store, version)
    if when := erased(store, entry.acceptance.md5):
        raise StoreError(
            f"The diary {entry.acceptance.md5} was erased on {when}, since a participant withdrew. It cannot be "
            "repeated: name another data version."
        )
    files = tuple((file.name, _verified(store, file)) for file in entry.acceptance.files)
    return Restored(files, entry.acceptance.mapping, entry.acceptance.source, entry)


def erased(store: Store, identity: str) -> str | None:
    """When the bytes of the delivery were removed; None where they are there."""
    path = f"{_ERASED}/{identity}.json"
    return str(json.loads(store.read(path))["when"]) if store.exists(path) else None


def forget(store: Store, identity: str, *, others: Set[str], when: str) -> None:
    """Remove the kept bytes of the delivery of this MD5, except files that a delivery beyond `others` also names.

    Its entry in the log stays, so that models can still say what they were trained on.
    """
    entries = log(store)
    needed = {file.md5 for e in entries if e.acceptance.md5 not in others for file in e.acceptance.files}
    # First: whoever asks meanwhile is told why it is not there.
    store.write(f"{_ERASED}/{identity}.json", json.dumps({"when": when}).encode())
    files = {file.md5 for e in entries if e.acceptance.md5 == identity for file in e.acceptance.files}
    for digest in (*sorted(files - needed), identity):
        if digest not in needed:
            store.delete(_place(digest))


def _identity(files: Sequence[KeptFile], *, folder: bool) -> str | None:
    if folder:
        return directory_md5((file.name, file.md5) for file in files)
    return files[0].md5 if len(files) == 1 else None


def _place(digest: str) -> str:
    return f"{_FILES}/{digest[:2]}/{digest[2:]}"


def _leaf(number: int, identity: str) -> str:
    return f"{number:06d}-{identity}.json"


def _claim(store: Store, identity: str) -> int:
    taken = [int(leaf[:6]) for folder in (_NUMBERS, _LOG) for leaf in store.list(folder)]
    number = max(taken, default=0) + 1
    while not store.create(f"{_NUMBERS}/{number:06d}", identity.encode()):
        number += 1
    return number


def _same(one: Acceptance, other: Acceptance) -> bool:
    keys = ("source", "md5", "mapping", "data_version")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def _named(acceptance: Acceptance, version: str) -> bool:
    return acceptance.md5.startswith(version) or acceptance.data_version.startswith(version)


def _read(store: Store, leaf: str) -> Entry:
    content = store.read(f"{_LOG}/{leaf}")
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise StoreError(f"{_LOG}/{leaf} has format {document['format']}; this version reads {FORMAT}. Upgrade.")
        number = int(document.pop("number"))
        del document["format"]
        document["files"] = tuple(KeptFile(**file) for file in document["files"])
        return Entry(number, Acceptance(**document))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{_LOG}/{leaf} in {store.uri} is damaged: {error}. Restore it from a backup.") from error


def _verified(store: Store, file: KeptFile) -> bytes:
    content = store.read(_place(file.md5))
    if md5(content) != file.md5:
        raise StoreError(
            f"The kept copy of {file.name} in {store.uri} was altered: {_place(file.md5)} is "
            "no longer what its name says. Restore it from a backup."
        )
    return content
