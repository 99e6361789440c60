"""API keys."""

import datetime as dt
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.store import Store
from serving.access import api_keys
from serving.access.api_keys import KeyRing

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def ring(store: Store) -> KeyRing:
    return KeyRing(store, required=True)


def test_a_key_is_valid_alone_and_as_a_bearer_token(store: Store) -> None:
    key, record = api_keys.create(store, "the app", now=NOW)
    keys = ring(store)
    assert keys.check(key) == record.id
    assert keys.check(f"Bearer {key}") == record.id
    assert keys.check(f"bearer  {key} ") == record.id


def test_the_store_contains_no_key(store: Store, tmp_path: Path) -> None:
    key, _ = api_keys.create(store, "the app", now=NOW)
    secret = key.rsplit("_", 1)[1]
    assert all(secret not in path.read_text() for path in tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    "text", [None, "", "Bearer", "Bearer ", "mig_", "mig_000000000000_" + "a" * 43, "\ud800", "ü" * 60]
)
def test_everything_else_is_refused(store: Store, text: str | None) -> None:
    api_keys.create(store, "the app", now=NOW)
    assert ring(store).check(text) is None


def test_a_key_with_another_secret_or_id_is_refused(store: Store) -> None:
    one, first = api_keys.create(store, "one", now=NOW)
    two, second = api_keys.create(store, "two", now=NOW)
    keys = ring(store)
    assert keys.check(one.replace(first.id, second.id)) is None
    assert keys.check(one[:-1] + ("a" if one[-1] != "a" else "b")) is None
    assert keys.check(one + "a") is None
    assert keys.check(two) == second.id


def test_a_revoked_key_is_refused_after_a_refresh(store: Store) -> None:
    key, record = api_keys.create(store, "the app", now=NOW)
    keys = ring(store)
    revoked = api_keys.revoke(store, record.id, now=NOW + dt.timedelta(days=1))
    assert revoked.revoked == "2026-03-02T12:00:00+00:00"
    assert api_keys.revoke(store, record.id, now=NOW + dt.timedelta(days=9)) == revoked
    keys.refresh()
    assert keys.check(key) is None
    assert [known.revoked for known in api_keys.records(store)] == [revoked.revoked]


@pytest.mark.parametrize("identity", ["000000000000", "../secret", ""])
def test_revoking_an_unknown_key_is_refused(store: Store, identity: str) -> None:
    with pytest.raises(ConfigurationError, match="no API key"):
        api_keys.revoke(store, identity, now=NOW)


def test_a_background_thread_reads_new_keys(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "REFRESH_SECONDS", 0.01)
    keys = ring(store)
    keys.start()
    key, record = api_keys.create(store, "the app", now=NOW)
    while keys.check(key) is None:
        pass
    assert keys.check(key) == record.id
    keys.close()


def test_a_damaged_record_does_not_hide_other_keys(store: Store) -> None:
    key, record = api_keys.create(store, "the app", now=NOW)
    store.write(f"{api_keys.FOLDER}/111111111111.json", b"{half")
    assert ring(store).check(key) == record.id


def test_keys_stay_valid_while_the_store_is_unreadable(store: Store, tmp_path: Path) -> None:
    key, record = api_keys.create(store, "the app", now=NOW)
    keys = ring(store)
    path = tmp_path / api_keys.FOLDER / f"{record.id}.json"
    path.rename(path.with_suffix(".elsewhere"))
    path.mkdir()
    assert not keys.refresh()
    assert keys.check(key) == record.id
