"""Swapping: what the pointer names is loaded beside the old, and what cannot be believed is kept out."""

import json
from pathlib import Path
from typing import Any

import pytest

from migraine_assets.stores.registry.champions import rollback
from migraine_assets.stores.registry.pointer import POINTER
from migraine_assets.stores.registry.rollouts import end_rollout, start_rollout
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import NOON, fresh_store, put_in_charge, trained
from serving.model.watcher import RETRY_SECONDS, ModelSet, ModelWatcher


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Heard:
    def __init__(self) -> None:
        self.successes: list[bool] = []

    def __call__(self, models: ModelSet, *, success: bool) -> None:  # noqa: ARG002
        self.successes.append(success)


def watcher(store: Store) -> tuple[ModelWatcher, Heard, Clock]:
    heard, clock = Heard(), Clock()
    return ModelWatcher(store, listener=heard, clock=clock), heard, clock


def champion(found: ModelWatcher, task: str = "attack") -> str:
    return found.current.tasks[task].champion.bundle.hash


def test_without_a_champion_nothing_serves_and_the_remedy_is_told(tmp_path: Path) -> None:
    found, heard, _ = watcher(Store(str(tmp_path)))
    found.check()
    assert not found.current.ready
    assert "migraine run" in found.current.problems[0]
    assert heard.successes == []


def test_a_moved_pointer_is_followed_and_a_resting_one_is_not_loaded_again(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    found, heard, _ = watcher(store)
    assert (found.check(), found.check()) == ("swapped", "unchanged")
    old = found.current
    put_in_charge(store, "attack", trained()[1]["attack_2"])
    assert found.check() == "swapped"
    assert champion(found) == trained()[1]["attack_2"]
    assert found.current.tasks["severity"].champion is old.tasks["severity"].champion
    assert old.tasks["attack"].champion.bundle.hash == trained()[1]["attack"]
    rollback(store, "attack", who="ann", when=NOON, why=("alarm",))
    found.check()
    assert champion(found) == trained()[1]["attack"]
    assert heard.successes == [True, True, True]


def corrupt_model(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(bytes(content))


def lose_model(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def change_format(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(content | {"format": 99}))


def truncate_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes()[:100])


@pytest.mark.parametrize("damage", [corrupt_model, lose_model, change_format, truncate_manifest])
def test_a_bundle_that_does_not_verify_is_kept_out_and_tried_again_when_it_may_be_whole(
    tmp_path: Path, damage: Any
) -> None:
    store, new = fresh_store(tmp_path), trained()[1]["attack_2"]
    found, heard, clock = watcher(store)
    found.check()
    put_in_charge(store, "attack", new)
    folder = Path(store.path(f"bundles/{new}"))
    whole = {file.name: file.read_bytes() for file in folder.iterdir()}
    damage(folder)
    assert found.check() == "refused"
    assert champion(found) == trained()[1]["attack"]
    assert "refused" in found.current.problems[0]
    assert str(tmp_path) not in " ".join(found.current.problems)
    assert found.check() == "unchanged"
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    clock.now = RETRY_SECONDS
    assert found.check() == "swapped"
    assert (champion(found), found.current.problems) == (new, ())
    assert heard.successes == [True, False, True]


def test_one_bad_task_does_not_hold_back_the_other(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    found, _, _ = watcher(store)
    found.check()
    put_in_charge(store, "attack", names["attack_2"])
    put_in_charge(store, "severity", names["severity_2"])
    corrupt_model(Path(store.path(f"bundles/{names['attack_2']}")))
    found.check()
    assert (champion(found), champion(found, "severity")) == (names["attack"], names["severity_2"])


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 9, "tasks": {}, "version": 7}', None])
def test_a_pointer_that_cannot_be_believed_changes_nothing_and_is_told_once(
    tmp_path: Path, content: bytes | None
) -> None:
    store = fresh_store(tmp_path)
    found, heard, _ = watcher(store)
    found.check()
    good = store.read(POINTER)
    store.delete(POINTER) if content is None else store.write(POINTER, content)
    assert (found.check(), found.check()) == ("refused", "unchanged")
    assert champion(found) == trained()[1]["attack"]
    assert found.current.problems
    store.write(POINTER, good)
    assert found.check() == "swapped"
    assert found.current.problems == ()
    assert heard.successes == [True, False, True]


def test_a_damaged_pointer_at_the_start_is_waited_out(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    good = store.read(POINTER)
    store.write(POINTER, b"{")
    found, _, _ = watcher(store)
    assert found.check() == "refused"
    assert not found.current.ready
    store.write(POINTER, good)
    assert found.check() == "swapped"
    assert found.current.ready


def test_a_rollout_brings_its_model_and_ends(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    found, _, _ = watcher(store)
    start_rollout(store, "attack", mode="canary", percent=10, bundle=names["attack_2"], who="ann", when=NOON, why="try")
    found.check()
    candidate = found.current.tasks["attack"].candidate
    assert candidate is not None
    assert (candidate.model.bundle.hash, candidate.rollout.percent) == (names["attack_2"], 10)
    end_rollout(store, "attack")
    found.check()
    assert found.current.tasks["attack"].candidate is None


def test_a_bad_model_on_trial_leaves_the_champion_alone(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    start_rollout(store, "attack", mode="ab", percent=50, bundle=names["attack_2"], who="ann", when=NOON, why="try")
    corrupt_model(Path(store.path(f"bundles/{names['attack_2']}")))
    found, _, _ = watcher(store)
    assert found.check() == "refused"
    assert found.current.ready
    assert found.current.tasks["attack"].candidate is None


def test_the_thread_follows_the_pointer_until_it_is_stopped(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    found = ModelWatcher(store, interval=0.01)
    found.start()
    put_in_charge(store, "attack", trained()[1]["attack_2"])
    while champion(found) != trained()[1]["attack_2"]:
        pass
    assert found.alive
    found.stop()
    assert not found.alive
