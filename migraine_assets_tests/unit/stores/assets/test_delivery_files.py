"""The files of accepted deliveries."""

import io
import json
from pathlib import Path

import pytest

from migraine_assets.core.dvc_hash import directory_md5, md5, md5_of
from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.delivery_files import keep, restore
from migraine_assets.stores.store import Store
from migraine_assets.stores.unfinished import PART_BYTES
from migraine_assets_tests.unit.stores.assets.accepted_deliveries import ONE, TWO, accept


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_a_file_has_the_path_that_it_has_in_dvcs_cache(store: Store, tmp_path: Path) -> None:
    keep(store, ONE, identity="e5ebd4c02cefbe7955977c67ada242b7")
    path = tmp_path / "store/deliveries/files/md5/e5/ebd4c02cefbe7955977c67ada242b7"
    assert path.read_bytes() == ONE[0][1]


def test_a_folder_is_kept_with_its_listing(store: Store, tmp_path: Path) -> None:
    identity = directory_md5((name, md5(content)) for name, content in TWO)
    keep(store, TWO, identity=identity)
    listing = json.loads((tmp_path / f"store/deliveries/files/md5/{identity[:2]}/{identity[2:]}").read_text())
    assert [entry["relpath"] for entry in listing] == ["b.csv", "sub/a.csv"]


@pytest.mark.parametrize("files", [ONE, TWO])
def test_files_with_another_md5_are_not_stored(store: Store, files: list) -> None:
    with pytest.raises(ValueError, match="is not the MD5 of"):
        keep(store, files, identity="0" * 32)
    assert store.list("deliveries/files/md5") == []


def test_a_delivery_is_restored_from_a_prefix_of_its_md5_or_data_version(store: Store) -> None:
    accept(store, ONE)
    entry = accept(store, TWO)
    for version in (entry.acceptance.md5, entry.acceptance.md5[:6], entry.acceptance.data_version):
        restored = restore(store, version)
        assert restored.files == tuple(TWO)
        assert (restored.mapping, restored.source, restored.entry) == ("columns: {}", "table", entry)


def test_the_latest_entry_of_a_content_is_restored(store: Store) -> None:
    accept(store, ONE)
    accept(store, ONE, mapping="columns: {age: a}")
    assert restore(store, md5(ONE[0][1])).mapping == "columns: {age: a}"


def test_an_altered_file_is_not_restored(store: Store) -> None:
    entry = accept(store, ONE)
    digest = entry.acceptance.md5
    store.write(f"deliveries/files/md5/{digest[:2]}/{digest[2:]}", b"a,b\n1,3\n")
    with pytest.raises(StoreError, match=r"diary\.csv .*was altered"):
        restore(store, digest)


def test_a_large_file_is_copied_in_parts(store: Store) -> None:
    """It is never in memory as a whole: a part is small beside it."""
    size = 64 * PART_BYTES

    class Zeros(io.RawIOBase):
        position = 0

        def readable(self) -> bool:
            return True

        def read(self, count: int = -1) -> bytes:
            assert 0 < count <= PART_BYTES
            part = bytes(min(count, size - self.position))
            self.position += len(part)
            return part

    with Zeros() as content:
        digest, _ = md5_of(content)
    keep(store, [("export.xml", Zeros)], identity=digest)
    assert len(store.read(f"deliveries/files/md5/{digest[:2]}/{digest[2:]}")) == size
