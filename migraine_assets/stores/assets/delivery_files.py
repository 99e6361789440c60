"""The files of accepted deliveries, stored by content, and their erasure.

    deliveries/files/md5/ab/cdef...     a file, by the MD5 of its bytes; the listing of a folder ends in .dir
    deliveries/erased/<md5>.json        when the files of a delivery were deleted because a participant withdrew

The files have the layout of DVC's cache. Not here: the log of deliveries (`stores.assets.delivery_log`), reading
diaries (`sources`).
"""

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass

import msgspec

from migraine_assets.core.dvc_hash import DIRECTORY_SUFFIX, directory_listing, directory_md5, md5, md5_of
from migraine_assets.errors import FileMissing, StoreError
from migraine_assets.stores.assets.delivery_log import Entry, KeptFile, find, read_log
from migraine_assets.stores.documents import read_document
from migraine_assets.stores.store import Store
from migraine_assets.stores.unfinished import Opener

_FILES, _ERASED = "deliveries/files/md5", "deliveries/erased"


@dataclass(frozen=True)
class Restored:
    """An accepted delivery with the verified content of its files."""

    files: tuple[tuple[str, bytes], ...]
    mapping: str | None
    source: str
    entry: Entry


class _Erased(msgspec.Struct):
    when: str


def keep(store: Store, files: Sequence[tuple[str, bytes | Opener]], *, identity: str) -> tuple[KeptFile, ...]:
    """Store `files` (name, and its bytes or a function that opens it) by content. Stored content is not written again.

    `identity` is the MD5 of the delivery, with the suffix `.dir` for a folder. Raises `ValueError` if it does not
    match `files`.
    """
    described = tuple(_described(name, content) for name, content in files)
    if identity != _identity(described, folder=identity.endswith(DIRECTORY_SUFFIX)):
        raise ValueError(f"{identity} is not the MD5 of {', '.join(file.name for file in described)}")
    for (_, content), file in zip(files, described, strict=True):
        store.create_copy(_path(file.md5), content)
    # If an erased delivery arrives again, it is no longer erased.
    store.delete(f"{_ERASED}/{identity}.json")
    if identity.endswith(DIRECTORY_SUFFIX):
        # Write the listing last, so that all files that it lists exist.
        store.create(_path(identity), directory_listing((file.name, file.md5) for file in described))
    return described


def restore(store: Store, version: str) -> Restored:
    """Return the verified files of the delivery `version` (see `find`).

    Raises `StoreError` for altered or erased content.
    """
    return restored(store, find(store, version))


def restored(store: Store, entry: Entry) -> Restored:
    """Return the verified files of the delivery in `entry`. Raises `StoreError` for altered or erased content."""
    if when := erased_at(store, entry.acceptance.md5):
        raise StoreError(
            f"The diary {entry.acceptance.md5} was erased on {when} because a participant withdrew. "
            "Choose another data version."
        )
    files = tuple((file.name, _verified(store, file)) for file in entry.acceptance.files)
    return Restored(files, entry.acceptance.mapping, entry.acceptance.source, entry)


def erased_at(store: Store, identity: str) -> str | None:
    """Return when the files of the delivery were erased; None if they were not.

    Raises `StoreError` for a damaged entry.
    """
    try:
        return read_document(store, f"{_ERASED}/{identity}.json", _Erased, numbered=False).when
    except FileMissing:
        return None


def erase(store: Store, identity: str, *, also_erased: Set[str], when: str) -> None:
    """Delete the files of the delivery with this MD5, except those that other deliveries still need.

    `also_erased`: MD5s of other deliveries that are erased and so need no files. The entry in the log is kept, so that
    the training data of models are still known.
    """
    # Ignore damaged entries: their deliveries cannot be restored, so they need no files.
    entries = read_log(store, damaged=[])
    needed = {file.md5 for e in entries if e.acceptance.md5 not in also_erased for file in e.acceptance.files}
    # Write the reason first, so that a concurrent reader can report it.
    store.write(f"{_ERASED}/{identity}.json", json.dumps({"when": when}).encode())
    files = {file.md5 for e in entries if e.acceptance.md5 == identity for file in e.acceptance.files}
    for digest in (*sorted(files - needed), identity):
        if digest not in needed:
            store.delete(_path(digest))


def _described(name: str, content: bytes | Opener) -> KeptFile:
    if isinstance(content, bytes):
        return KeptFile(name, md5(content), len(content))
    with content() as file:
        return KeptFile(name, *md5_of(file))


def _identity(files: Sequence[KeptFile], *, folder: bool) -> str | None:
    if folder:
        return directory_md5((file.name, file.md5) for file in files)
    return files[0].md5 if len(files) == 1 else None


def _path(digest: str) -> str:
    return f"{_FILES}/{digest[:2]}/{digest[2:]}"


def _verified(store: Store, file: KeptFile) -> bytes:
    content = store.read(_path(file.md5))
    if md5(content) != file.md5:
        raise StoreError(
            f"The copy of {file.name} in {store.uri} was altered: the MD5 of {_path(file.md5)} differs from its name. "
            "Restore it from a backup."
        )
    return content
