"""Cached values."""

from pathlib import Path

import pytest

from migraine_assets.stores.assets.cache import read_cached, write_cached
from migraine_assets.stores.assets.current_values import StoredValue
from migraine_assets.stores.store import Store

KEY, OTHER = "a" * 64, "b" * 64
VALUE = StoredValue("ModelRef", {"bundle": "cd"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def test_a_value_is_read_by_its_fingerprint_alone(store: Store) -> None:
    write_cached(store, KEY, VALUE)
    assert read_cached(store, KEY) == VALUE
    assert read_cached(store, OTHER) is None
    assert store.exists(f"memo/{KEY}.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null"])
def test_a_damaged_file_is_a_miss(store: Store, content: bytes) -> None:
    store.write(f"memo/{KEY}.json", content)
    assert read_cached(store, KEY) is None


@pytest.mark.parametrize("key", ["", "../../x", "A" * 64, "a" * 63])
def test_only_a_sha256_is_a_key(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        write_cached(store, key, VALUE)
