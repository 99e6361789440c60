"""Accepted deliveries."""

import json
import threading
from pathlib import Path

import pytest

from migraine_assets.core.dvc_hash import directory_md5, md5
from migraine_assets.errors import DataRefused, StoreError
from migraine_assets.stores.assets.deliveries import Entry, find, keep, latest, log, record, restore
from migraine_assets.stores.store import Store

ONE = [("diary.csv", b"a,b\n1,2\n")]
TWO = [("b.csv", b"b"), ("sub/a.csv", b"a")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def accept(store: Store, files: list[tuple[str, bytes]], *, time: str = "2026-01-01T00:00:00Z", **changes) -> Entry:
    folder = len(files) > 1
    identity = directory_md5((name, md5(content)) for name, content in files) if folder else md5(files[0][1])
    kept = keep(store, files, identity=identity)
    fields = {
        "time": time, "source": "table", "description": "diary.csv", "identity": identity, "accepted": 9,
        "quarantined": 1, "mapping": "columns: {}", "profile": {"rows": 9}, "data_version": "v" + identity,
    }  # fmt: skip
    return record(store, kept, **(fields | changes))


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


def test_the_log_lists_accepted_deliveries_in_order(store: Store) -> None:
    assert (log(store), latest(store)) == ((), None)
    first, second = accept(store, ONE), accept(store, TWO, time="2026-01-02T00:00:00Z")
    assert log(store) == (first, second)
    assert latest(store) == second
    assert [entry.number for entry in log(store)] == [1, 2]
    assert second.acceptance.files[1].name == "sub/a.csv"
    assert first.acceptance.profile == {"rows": 9}


def test_accepting_the_same_again_writes_nothing(store: Store) -> None:
    first = accept(store, ONE)
    assert accept(store, ONE, time="2026-02-01T00:00:00Z") == first
    assert len(log(store)) == 1


@pytest.mark.parametrize("change", [{"mapping": None}, {"data_version": "other"}, {"source": "synthetic"}])
def test_the_same_content_read_differently_is_another_entry(store: Store, change: dict) -> None:
    accept(store, ONE)
    assert accept(store, ONE, **change).number == 2


def test_going_back_to_an_earlier_delivery_is_logged(store: Store) -> None:
    accept(store, ONE)
    accept(store, TWO)
    assert accept(store, ONE).number == 3


def test_two_writers_never_share_a_number(store: Store) -> None:
    def write(writer: int) -> None:
        for at in range(5):
            accept(store, [("d.csv", f"{writer} {at}".encode())])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    numbers = [entry.number for entry in log(store)]
    assert len(numbers) == len(set(numbers)) == 20


def test_a_number_reserved_by_a_killed_writer_is_skipped(store: Store) -> None:
    accept(store, ONE)
    store.create("deliveries/numbers/000002", b"dead")
    assert accept(store, TWO).number == 3


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


def test_an_unknown_or_ambiguous_version_is_refused_with_the_known_ones(store: Store) -> None:
    with pytest.raises(DataRefused, match=r"'abc' is not the version of an accepted delivery\. Known versions: none"):
        find(store, "abc")
    one, two = accept(store, ONE), accept(store, TWO)
    with pytest.raises(DataRefused, match=f"'zzz' is not the version.*{one.acceptance.md5}, {two.acceptance.md5}"):
        find(store, "zzz")
    with pytest.raises(DataRefused, match=f"'v' is ambiguous.*{one.acceptance.md5}, {two.acceptance.md5}"):
        find(store, "v")
    with pytest.raises(DataRefused, match="is not the version of an accepted"):
        find(store, "")


def test_an_altered_file_is_not_restored(store: Store) -> None:
    entry = accept(store, ONE)
    digest = entry.acceptance.md5
    store.write(f"deliveries/files/md5/{digest[:2]}/{digest[2:]}", b"a,b\n1,3\n")
    with pytest.raises(StoreError, match=r"diary\.csv .*was altered"):
        restore(store, digest)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"format": 1, "number": 1}', b'{"format": 99}', b"[]"])
def test_a_damaged_entry_is_named(store: Store, content: bytes) -> None:
    store.write("deliveries/log/000001-x.json", content)
    with pytest.raises(StoreError, match=r"000001-x\.json.*(is damaged|has format 99)"):
        log(store)
