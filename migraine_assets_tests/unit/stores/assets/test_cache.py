"""Remembered results."""

from pathlib import Path

import pytest

from migraine_assets.stores.assets.cache import fingerprint, memo_get, memo_put
from migraine_assets.stores.store import Store


def test_a_result_is_found_under_its_inputs_and_no_others(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    key = fingerprint({"data": "ab", "params": {"C": 1.0, "seed": 7}})
    memo_put(store, key, {"bundle": "cd"})
    assert memo_get(store, fingerprint({"params": {"seed": 7, "C": 1.0}, "data": "ab"})) == {"bundle": "cd"}
    assert memo_get(store, fingerprint({"params": {"seed": 8, "C": 1.0}, "data": "ab"})) is None
    assert store.exists(f"memo/{key}.json")


def test_inputs_without_one_canonical_form_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        fingerprint({"threshold": float("nan")})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null"])
def test_a_damaged_note_is_a_miss(tmp_path: Path, content: bytes) -> None:
    store, key = Store(str(tmp_path)), fingerprint({"a": 1})
    store.write(f"memo/{key}.json", content)
    assert memo_get(store, key) is None


@pytest.mark.parametrize("key", ["", "../../x", "A" * 64, "a" * 63])
def test_only_a_sha256_is_a_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        memo_put(Store(str(tmp_path)), key, {})
