"""Backups: copies of a store, and of database dumps, in folders of another store.

A backup is a folder named by its time, such as `2026-11-30T023000Z`. It contains `store/...`, `databases/*`, and
`backup.json`, which is written last and lists every file with its hash. A folder without it is unfinished and is never
restored. Not here: dumping databases (pg_dump), schedules (the chart's CronJob), the command (`cli.commands.backup`).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.registry.pointer import POINTER
from migraine_assets.stores.store import Store

FORMAT = 1
LISTING = "backup.json"
STORE, DATABASES = "store", "databases"


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The listing of a backup: the SHA-256 of each file, by its path in the backup."""

    format: int
    created: str
    files: dict[str, str]


@dataclass(frozen=True)
class Backup:
    """A finished backup and its size."""

    name: str
    files: int
    content_bytes: int


def write_backup(
    target: Store,
    *,
    store: Store | None,
    dumps: Store | None,
    databases: Mapping[str, bytes] | None = None,
    now: datetime | None = None,
) -> Backup:
    """Copy `store`, the folder `dumps` and the files `databases`, unless they are None, into a new folder of `target`.

    Raises `StoreError` if something cannot be read or written, or if there is nothing to copy.
    """
    created = (now or datetime.now(UTC)).astimezone(UTC)
    name = created.strftime("%Y-%m-%dT%H%M%SZ")
    files: dict[str, str] = {}
    total = 0
    copied = ((f"{DATABASES}/{leaf}", content) for leaf, content in (databases or {}).items())
    for path, content in chain(copied, _contents(store, dumps)):
        target.write(f"{name}/{path}", content)
        files[path] = hashlib.sha256(content).hexdigest()
        total += len(content)
    if not files:
        raise StoreError(f"There is nothing to back up in {store.uri if store else 'the dumps'}.")
    listing = Listing(format=FORMAT, created=created.isoformat(), files=files)
    target.write(f"{name}/{LISTING}", msgspec.json.format(msgspec.json.encode(listing), indent=1))
    return Backup(name, len(files), total)


def _contents(store: Store | None, dumps: Store | None) -> Iterator[tuple[str, bytes]]:
    if dumps is not None:
        for name in files_of(dumps):
            yield f"{DATABASES}/{name}", dumps.read(name)
    if store is None:
        return
    # Copy the pointer first: all its bundles already exist, and bundles that are written later do no harm.
    if store.exists(POINTER):
        yield f"{STORE}/{POINTER}", store.read(POINTER)
    for path in files_of(store):
        if path != POINTER:
            yield f"{STORE}/{path}", store.read(path)


def files_of(store: Store) -> Iterator[str]:
    """Yield the paths of all finished files of a store, in order. Raises `StoreError` if it cannot be listed."""
    root = store.root.rstrip("/") + "/"
    try:
        paths = sorted(store.fs.find(store.root))
    except OSError as error:
        raise StoreError(f"{store.uri} cannot be listed: {error}.") from error
    for path in paths:
        relative = str(path).removeprefix(root)
        # A name that starts with a dot belongs to an unfinished write.
        if not any(part.startswith(".") for part in relative.split("/")):
            yield relative


def backups(target: Store) -> list[str]:
    """Return the names of the finished backups, oldest first."""
    root = target.root.rstrip("/") + "/"
    if not target.fs.exists(target.root):
        return []
    folders = (str(path).removeprefix(root) for path in target.fs.ls(target.root, detail=False))
    return sorted(name for folder in folders if target.exists(f"{(name := folder.strip('/'))}/{LISTING}"))


def prune(target: Store, *, keep: int) -> list[str]:
    """Delete all finished backups except the newest `keep`; return their names."""
    old = backups(target)[:-keep]
    for name in old:
        # Delete the listing first, so that a partly deleted backup cannot be restored.
        target.delete(f"{name}/{LISTING}")
        target.delete(name)
    return old


def restore_backup(target: Store, name: str, *, store: Store, dumps: Store) -> Listing:
    """Verify a backup, then copy its files into an empty store and its dumps into a folder.

    Raises `StoreError` if the backup is missing, unfinished or damaged, or if the store has files. All hashes are
    verified before anything is written.
    """
    listing = read_listing(target, name)
    if next(files_of(store), None) is not None:
        raise StoreError(
            f"The store {store.uri} is not empty. Restore into an empty one, then change MIGRAINE_STORE_URI."
        )
    damaged = [path for path, digest in listing.files.items() if _digest(target, f"{name}/{path}") != digest]
    if damaged:
        raise StoreError(
            f"Backup {name} in {target.uri} is damaged: {', '.join(sorted(damaged)[:5])}. Use another one."
        )
    pointer = f"{STORE}/{POINTER}"
    # Write the pointer last, so that an interrupted restoration serves no model.
    for path in sorted(listing.files, key=lambda each: each == pointer):
        kind, _, rest = path.partition("/")
        (store if kind == STORE else dumps).write(rest, target.read(f"{name}/{path}"))
    return listing


def read_listing(target: Store, name: str) -> Listing:
    """Return the listing of a finished backup. Raises `StoreError` if it is missing, damaged or of another format."""
    if not target.exists(f"{name}/{LISTING}"):
        known = ", ".join(backups(target)) or "none"
        raise StoreError(f"{target.uri} has no finished backup '{name}'; there are: {known}.")
    try:
        listing = msgspec.json.decode(target.read(f"{name}/{LISTING}"), type=Listing)
    except msgspec.DecodeError as error:
        raise StoreError(
            f"{LISTING} of backup {name} in {target.uri} cannot be read: {error}. Use another one."
        ) from error
    if listing.format != FORMAT:
        raise StoreError(
            f"Backup {name} has format {listing.format}; this version reads format {FORMAT}. Use a newer one."
        )
    return listing


def _digest(target: Store, path: str) -> str:
    return hashlib.sha256(target.read(path)).hexdigest() if target.exists(path) else ""
