from pathlib import Path

from migraine_assets.stores.signing_secret import PATH, shared_secret
from migraine_assets.stores.store import Store


def test_whoever_comes_first_makes_the_secret_of_all(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    first = shared_secret(store)
    assert shared_secret(Store(str(tmp_path))) == first
    assert len(first) >= 32


def test_a_configured_secret_is_used_and_not_stored(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert shared_secret(store, configured="configured") == b"configured"
    assert not store.exists(PATH)


def test_a_store_that_cannot_be_written_stops_no_replica(tmp_path: Path) -> None:
    (tmp_path / "serving").write_text("a file where the folder should be")
    assert shared_secret(Store(str(tmp_path)))
