"""The champion pointer: invalid, missing and changing files."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.registry import pointer as pointer_file
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.registry.promotions import promote, put, serving


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def test_readers_see_complete_pointers_while_it_moves(store: Store) -> None:
    a, b = put(store, "a"), put(store, "b")
    promote(store, "attack", champion=a)

    def watch(_: int) -> set[str]:
        return {serving(store) for _ in range(150)}

    with ThreadPoolExecutor(2) as pool:
        watching = [pool.submit(watch, n) for n in range(2)]
        for turn in range(20):
            promote(store, "attack", champion=(b, a)[turn % 2])
        assert all(future.result() <= {a, b} for future in watching)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is damaged"),
        (b"\x00\xff", "is damaged"),
        (b"[]", "is damaged"),
        (b"{}", "has format None"),
        (b'{"format": 99, "version": 1, "tasks": {}}', "has format 99; this version reads format 1 and 2"),
        (b'{"format": 1, "version": "x", "tasks": {}}', "is damaged"),
        (b'{"format": 1, "version": 1, "tasks": []}', "is damaged"),
        (b'{"format": 1, "version": 1, "tasks": {"attack": {"champion": 1}}}', "is damaged"),
    ],
)
def test_an_invalid_pointer_is_refused_and_the_last_valid_one_kept(store: Store, content: bytes, sentence: str) -> None:
    a, b = put(store, "a"), put(store, "b")
    promote(store, "attack", champion=a)
    last = pointer_file.read_pointer(store)
    store.write(pointer_file.POINTER, content)
    with pytest.raises(StoreError, match=sentence):
        pointer_file.read_pointer(store)
    refreshed = pointer_file.refresh_pointer(store, last)
    assert refreshed.pointer == last
    assert refreshed.problem is not None
    assert sentence in refreshed.problem
    with pytest.raises(StoreError, match=sentence):
        pointer_file.refresh_pointer(store, None)
    with pytest.raises(StoreError, match=sentence):
        promote(store, "attack", champion=b)


def test_a_pointer_to_anything_but_a_hash_is_refused(store: Store) -> None:
    promote(store, "attack", champion=put(store, "a"))
    content = json.loads(store.read(pointer_file.POINTER))
    content["tasks"]["attack"]["champion"] = "../../etc/passwd"
    store.write(pointer_file.POINTER, json.dumps(content).encode())
    with pytest.raises(StoreError, match="regex"):
        pointer_file.read_pointer(store)


def test_a_missing_pointer_leaves_the_last_valid_one(store: Store) -> None:
    promote(store, "attack", champion=put(store, "a"))
    last = pointer_file.read_pointer(store)
    assert pointer_file.refresh_pointer(store, None) == pointer_file.RefreshedPointer(last)
    store.delete(pointer_file.POINTER)
    assert pointer_file.refresh_pointer(store, last).pointer == last
    assert "disappeared" in str(pointer_file.refresh_pointer(store, last).problem)
