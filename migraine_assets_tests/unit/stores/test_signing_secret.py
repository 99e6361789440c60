"""The secret that replicas share."""

from pathlib import Path

from migraine_assets.stores.signing_secret import PATH, shared_secret
from migraine_assets.stores.store import Store


def test_the_first_caller_creates_the_shared_secret(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    first = shared_secret(store)
    assert shared_secret(Store(str(tmp_path))) == first
    assert len(first) >= 32


def test_a_configured_secret_is_used_and_not_stored(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert shared_secret(store, configured="configured") == b"configured"
    assert not store.exists(PATH)


def test_a_replica_starts_if_the_store_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "serving").write_text("a file where the folder should be")
    assert shared_secret(Store(str(tmp_path)))
