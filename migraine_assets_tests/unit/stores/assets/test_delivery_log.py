"""The log of accepted deliveries."""

import threading
from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused, StoreError
from migraine_assets.stores.assets.delivery_log import find, latest, read_log
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.assets.accepted_deliveries import ONE, TWO, accept


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_the_log_lists_accepted_deliveries_in_order(store: Store) -> None:
    assert (read_log(store), latest(store)) == ((), None)
    first, second = accept(store, ONE), accept(store, TWO, time="2026-01-02T00:00:00Z")
    assert read_log(store) == (first, second)
    assert latest(store) == second
    assert [entry.number for entry in read_log(store)] == [1, 2]
    assert second.acceptance.files[1].name == "sub/a.csv"
    assert first.acceptance.profile == {"rows": 9}


def test_accepting_the_same_again_writes_nothing(store: Store) -> None:
    first = accept(store, ONE)
    assert accept(store, ONE, time="2026-02-01T00:00:00Z") == first
    assert len(read_log(store)) == 1


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
    numbers = [entry.number for entry in read_log(store)]
    assert len(numbers) == len(set(numbers)) == 20


def test_a_number_reserved_by_a_killed_writer_is_skipped(store: Store) -> None:
    accept(store, ONE)
    store.create("deliveries/numbers/000002", b"dead")
    assert accept(store, TWO).number == 3


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


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"format": 1, "number": 1}', b'{"format": 99}', b"[]"])
def test_a_damaged_entry_is_named(store: Store, content: bytes) -> None:
    store.write("deliveries/log/000001-x.json", content)
    with pytest.raises(StoreError, match=r"000001-x\.json.*(is damaged|has format 99)"):
        read_log(store)
