"""A backup is complete or absent, is verified before a restore writes anything, and is restored in a safe order."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.backup import LISTING, backups, prune, read_listing, restore_backup, write_backup
from migraine_assets.stores.registry.pointer import POINTER
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FILES = {POINTER: b"{}", "bundles/a/model.onnx": b"\x00model", "bundles/a/manifest.json": b"{}"}


@pytest.fixture(params=["folder", "object store"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Store]:
    """Yield a function that makes a store by name: in a folder, or without folders and renames, like S3."""
    if request.param == "folder":
        return lambda name: Store(str(tmp_path / name))
    return lambda name: Store(f"memory://{tmp_path.name}/{name}")


@pytest.fixture
def filled(make: Callable[[str], Store]) -> Store:
    """Return a store with a pointer and a bundle."""
    store = make("store")
    store.write_all(FILES)
    return store


@pytest.fixture
def dumps(tmp_path: Path) -> Store:
    """Return a folder with the dump of a database."""
    folder = Store(str(tmp_path / "dumps"))
    folder.write("dagster.dump", b"PGDMP")
    return folder


def test_a_restored_store_has_the_same_files(
    make: Callable[[str], Store], filled: Store, dumps: Store, tmp_path: Path
) -> None:
    backup = write_backup(make("backups"), store=filled, dumps=dumps, now=NOON)
    assert (backup.name, backup.files) == ("2026-03-01T120000Z", 4)
    restored = make("restored")
    restore_backup(make("backups"), backup.name, store=restored, dumps=Store(str(tmp_path / "restored-dumps")))
    assert {path: restored.read(path) for path in FILES} == FILES
    assert (tmp_path / "restored-dumps" / "dagster.dump").read_bytes() == b"PGDMP"


def test_the_pointer_is_read_first_and_written_last(
    make: Callable[[str], Store], filled: Store, tmp_path: Path
) -> None:
    """Otherwise a bundle that is promoted during the backup would be missing from it."""
    target = make("backups")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    assert next(iter(read_listing(target, backup.name).files)) == f"store/{POINTER}"
    written: list[str] = []

    class Watched(Store):
        def write(self, name: str, content: bytes) -> None:
            written.append(name)
            super().write(name, content)

    restore_backup(
        target, backup.name, store=Watched(make("restored").uri), dumps=Store(str(tmp_path / "restored-dumps"))
    )
    assert written[-1] == POINTER


def test_unfinished_writes_are_not_copied(make: Callable[[str], Store], filled: Store) -> None:
    filled.fs.pipe_file(f"{filled.root}/bundles/.b.123", b"half")
    target = make("backups")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    assert len(read_listing(target, backup.name).files) == len(FILES)


def test_an_unfinished_backup_is_not_restored(make: Callable[[str], Store], filled: Store, tmp_path: Path) -> None:
    target = make("backups")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    target.delete(f"{backup.name}/{LISTING}")
    assert backups(target) == []
    with pytest.raises(StoreError, match="no finished backup"):
        restore_backup(target, backup.name, store=make("restored"), dumps=Store(str(tmp_path / "restored-dumps")))


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_nothing_of_a_damaged_backup_is_restored(
    make: Callable[[str], Store], filled: Store, tmp_path: Path, damage: str
) -> None:
    target, restored = make("backups"), make("restored")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    file = f"{backup.name}/store/bundles/a/model.onnx"
    target.write(file, b"other") if damage == "changed" else target.delete(file)
    with pytest.raises(StoreError, match=r"damaged: store/bundles/a/model\.onnx"):
        restore_backup(target, backup.name, store=restored, dumps=Store(str(tmp_path / "restored-dumps")))
    assert not restored.exists(POINTER)


def test_a_store_with_files_is_not_overwritten(make: Callable[[str], Store], filled: Store, tmp_path: Path) -> None:
    target = make("backups")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    with pytest.raises(StoreError, match="is not empty"):
        restore_backup(target, backup.name, store=filled, dumps=Store(str(tmp_path / "restored-dumps")))


def test_a_newer_format_is_refused(make: Callable[[str], Store], filled: Store) -> None:
    target = make("backups")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    path = f"{backup.name}/{LISTING}"
    target.write(path, target.read(path).replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(StoreError, match="has format 2"):
        read_listing(target, backup.name)


def test_a_damaged_listing_is_named(make: Callable[[str], Store], filled: Store) -> None:
    target = make("backups")
    backup = write_backup(target, store=filled, dumps=None, now=NOON)
    target.write(f"{backup.name}/{LISTING}", b"{")
    with pytest.raises(StoreError, match=f"{LISTING} of backup {backup.name}"):
        read_listing(target, backup.name)


def test_the_oldest_backups_are_deleted(make: Callable[[str], Store], filled: Store) -> None:
    target = make("backups")
    names = [
        write_backup(target, store=filled, dumps=None, now=NOON + dt.timedelta(days=day)).name for day in (2, 0, 1)
    ]
    assert prune(target, keep=2) == [names[1]]
    assert backups(target) == [names[2], names[0]]
    assert prune(target, keep=2) == []


def test_nothing_to_copy_is_an_error(make: Callable[[str], Store]) -> None:
    """Otherwise a wrong MIGRAINE_STORE_URI would make empty backups for weeks."""
    with pytest.raises(StoreError, match="nothing to back up"):
        write_backup(make("backups"), store=make("empty"), dumps=None, now=NOON)
