"""Promotion records: damaged files, earlier versions, and inconsistent numbers."""

import json
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.registry import pointer as pointer_file
from migraine_assets.stores.registry import promotion_log
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.registry.promotions import effects, promote, put, rollback


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "format 2; this version reads format 1"),
        ({"what": "delete"}, "Invalid enum value"),
        ({"surprise": 1}, "unknown field"),
    ],
)
def test_a_damaged_record_is_named(store: Store, change: dict[str, object], sentence: str) -> None:
    record = promote(store, "attack", champion=put(store, "a"))
    path = f"{promotion_log.FOLDER}/{record.id}.json"
    store.write(path, json.dumps({**json.loads(store.read(path)), **change}).encode())
    with pytest.raises(StoreError, match=sentence) as refusal:
        history(store)
    assert "000001.json" in str(refusal.value)


def test_a_record_and_a_pointer_of_the_first_version_are_read(store: Store) -> None:
    """Pointers in the form of versions before documents were typed."""
    a, b = put(store, "a"), put(store, "b")
    record = {
        "challenger": None, "dagster_run": "run-7", "figures": {"roc_auc": {"ci_high": 0.1, "value": None}},
        "format": 1, "from": a, "id": "000002", "previous": "000001", "restores": None, "task": "attack", "to": b,
        "what": "promote", "when": "2026-03-01T12:00:00+00:00", "who": "ann", "why": ["better"],
    }  # fmt: skip
    serving = {"champion": b, "challenger": a, "record": "000002", "since": "2026-03-01T12:00:00+00:00"}
    rollout = {
        "against": b, "bundle": a, "mode": "shadow", "percent": 100, "since": "2026-03-01T12:00:00+00:00",
        "who": "pipeline", "why": "better",
    }  # fmt: skip
    pointer = {"format": 2, "rollouts": {"attack": rollout}, "tasks": {"attack": serving}, "version": 2}
    store.write("registry/promotions/000002.json", json.dumps(record, indent=1, sort_keys=True).encode())
    store.write(pointer_file.POINTER, json.dumps(pointer, indent=1, sort_keys=True).encode())
    [entry] = history(store)
    assert (entry.effect, entry.record.from_champion, entry.record.to_champion) == ("in force", a, b)
    assert entry.record.figures == {"roc_auc": {"ci_high": 0.1, "value": None}}
    read = pointer_file.read_pointer(store)
    assert read.tasks["attack"] == pointer_file.Serving(b, a, "2026-03-01T12:00:00+00:00", "000002")
    assert (read.rollouts["attack"].mode, read.rollouts["attack"].percent) == ("shadow", 100)


def test_what_is_written_is_what_the_first_version_wrote(store: Store) -> None:
    """Services of the earlier version can still read it during a deployment."""
    promote(store, "attack", champion=put(store, "a"))
    pointer, record = (
        json.loads(store.read(path)) for path in (pointer_file.POINTER, "registry/promotions/000001.json")
    )
    assert set(pointer) == {"format", "rollouts", "tasks", "version"}
    assert pointer["format"] == 2
    assert set(pointer["tasks"]["attack"]) == {"champion", "challenger", "record", "since"}
    assert set(record) == {
        "challenger", "dagster_run", "figures", "format", "from", "id", "previous", "restores", "task", "to", "what",
        "when", "who", "why",
    }  # fmt: skip


def test_a_record_that_was_copied_under_another_number_is_named(store: Store) -> None:
    promote(store, "attack", champion=put(store, "a"))
    store.write("registry/promotions/000002.json", store.read("registry/promotions/000001.json"))
    with pytest.raises(StoreError, match=r"000002\.json.* is the record '000001'"):
        history(store)


def test_records_that_name_each_other_in_a_circle_end(store: Store) -> None:
    a = put(store, "a")
    promote(store, "attack", champion=a)
    path = "registry/promotions/000001.json"
    store.write(path, json.dumps(json.loads(store.read(path)) | {"previous": "000001", "restores": "000001"}).encode())
    assert effects(store) == ["in force"]
    with pytest.raises(ConfigurationError, match="No previous champion"):
        rollback(store, "attack")


def test_other_files_among_the_records_are_ignored(store: Store) -> None:
    store.write(f"{promotion_log.FOLDER}/README.txt", b"hello")
    assert promote(store, "attack", champion=put(store, "a")).id == "000001"
