"""Current values of assets."""

from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.current_values import StoredValue, decode, paths, read_current, write_current
from migraine_assets.stores.store import Store

VALUE = StoredValue("ModelRef", {"bundle": "ab", "rows": 3}, "run-1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def test_a_value_is_kept_by_asset_key(store: Store) -> None:
    assert read_current(store, "classifiers/knn") is None
    write_current(store, "classifiers/knn", VALUE)
    assert read_current(store, "classifiers/knn") == VALUE
    assert list(paths(store)) == ["assets/classifiers/knn.json"]


def test_a_value_without_a_run_is_read(store: Store) -> None:
    store.write("assets/raw.json", b'{"type": "DiaryRef", "value": {"a": 1}, "more": 2}')
    assert read_current(store, "raw") == StoredValue("DiaryRef", {"a": 1})
    assert b"run" not in StoredValue("DiaryRef", {}).encode()


def test_only_finite_numbers_are_written() -> None:
    assert decode(VALUE.encode()) == VALUE
    with pytest.raises(ValueError, match="JSON"):
        StoredValue("ModelRef", {"score": float("nan")}).encode()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"type": "DiaryRef"}'])
def test_a_damaged_file_is_refused(store: Store, content: bytes) -> None:
    store.write("assets/raw.json", content)
    with pytest.raises(StoreError, match=r"assets/raw\.json.*damaged"):
        read_current(store, "raw")
