"""The watcher loads what the pointer names, and keeps the old models if the new ones do not verify."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from migraine_assets.stores.bundles.bundles import load_bundle, write_bundle
from migraine_assets.stores.bundles.manifest import MODEL_FILE, sha256
from migraine_assets.stores.registry.champions import rollback
from migraine_assets.stores.registry.pointer import POINTER, new_pointer, read_pointer, write_pointer
from migraine_assets.stores.registry.rollouts import end_rollout, start_rollout
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.serving.trained import NOON, fresh_store, put_in_charge, trained
from serving.model.watcher import RETRY_SECONDS, ModelWatcher, ServedModels


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Listener:
    def __init__(self) -> None:
        self.successes: list[bool] = []

    def __call__(self, models: ServedModels, *, success: bool) -> None:  # noqa: ARG002
        self.successes.append(success)


def watch(store: Store) -> tuple[ModelWatcher, Listener, Clock]:
    listener, clock = Listener(), Clock()
    return ModelWatcher(store, listener=listener, clock=clock), listener, clock


def champion(watcher: ModelWatcher, task: str = "attack") -> str:
    return watcher.current.tasks[task].champion.bundle.hash


def test_without_a_champion_nothing_serves_and_the_problem_says_what_to_do(tmp_path: Path) -> None:
    watcher, listener, _ = watch(Store(str(tmp_path)))
    watcher.check()
    assert not watcher.current.ready
    assert "migraine run" in watcher.current.problems[0]
    assert listener.successes == []


def test_a_changed_pointer_is_followed_and_an_unchanged_one_is_not_loaded_again(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    watcher, listener, _ = watch(store)
    assert (watcher.check(), watcher.check()) == ("swapped", "unchanged")
    old = watcher.current
    put_in_charge(store, "attack", trained()[1]["attack_2"])
    assert watcher.check() == "swapped"
    assert champion(watcher) == trained()[1]["attack_2"]
    assert watcher.current.tasks["severity"].champion is old.tasks["severity"].champion
    assert old.tasks["attack"].champion.bundle.hash == trained()[1]["attack"]
    rollback(store, "attack", who="ann", when=NOON, why=("alarm",))
    watcher.check()
    assert champion(watcher) == trained()[1]["attack"]
    assert listener.successes == [True, True, True]


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
def test_a_bundle_that_does_not_verify_is_refused_and_tried_again_later(tmp_path: Path, damage: Any) -> None:
    store, new = fresh_store(tmp_path), trained()[1]["attack_2"]
    watcher, listener, clock = watch(store)
    watcher.check()
    put_in_charge(store, "attack", new)
    folder = Path(store.path(f"bundles/{new}"))
    whole = {file.name: file.read_bytes() for file in folder.iterdir()}
    damage(folder)
    assert watcher.check() == "refused"
    assert champion(watcher) == trained()[1]["attack"]
    assert "refused" in watcher.current.problems[0]
    assert str(tmp_path) not in " ".join(watcher.current.problems)
    assert watcher.check() == "unchanged"
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    clock.now = RETRY_SECONDS
    assert watcher.check() == "swapped"
    assert (champion(watcher), watcher.current.problems) == (new, ())
    assert listener.successes == [True, False, True]


def point_to(store: Store, bundle: str) -> None:
    """Move the pointer as another version of the platform with other checks would."""
    pointer = read_pointer(store)
    moved = {**pointer.tasks, "attack": structs.replace(pointer.tasks["attack"], champion=bundle)}
    write_pointer(store, new_pointer(pointer.version + 1, moved, pointer.rollouts))


def test_a_bundle_with_an_operation_that_this_version_does_not_have_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A newer platform promoted it. Its rows cannot be computed here, so the old model stays."""
    store, new = fresh_store(tmp_path), trained()[1]["attack_2"]
    watcher, _, _ = watch(store)
    watcher.check()
    bundle = load_bundle(store, new)
    features = bundle.manifest.features
    unknown = replace(features[0], operation="median", version=3)
    manifest = structs.replace(bundle.manifest, features=(unknown, *features[1:]))
    name = write_bundle(store, manifest, store.read(f"bundles/{new}/{MODEL_FILE}"), provenance={})
    point_to(store, name)
    assert watcher.check() == "refused"
    assert champion(watcher) == trained()[1]["attack"]
    [record] = [record for record in caplog.records if record.message == "bundle refused"]
    reason = record.fields["reason"]  # type: ignore[attr-defined]
    assert "cannot be served by this version" in reason
    assert f"'{features[0].name}' needs the operation 'median' (version 3), which this version does not have" in reason


def test_a_bundle_of_a_newer_format_is_refused_with_its_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, new = fresh_store(tmp_path), trained()[1]["attack_2"]
    watcher, _, _ = watch(store)
    watcher.check()
    content = store.read(f"bundles/{new}/manifest.json").replace(b'"format":2', b'"format":3')
    name = sha256(content)
    store.write_all({f"bundles/{name}/manifest.json": content, f"bundles/{name}/{MODEL_FILE}": b"anything"})
    point_to(store, name)
    watcher.check()
    assert champion(watcher) == trained()[1]["attack"]
    assert any("has format 3; this version reads 1, 2" in str(getattr(r, "fields", "")) for r in caplog.records)


def test_a_refused_bundle_of_one_task_does_not_hold_back_the_other_task(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    watcher, _, _ = watch(store)
    watcher.check()
    put_in_charge(store, "attack", names["attack_2"])
    put_in_charge(store, "severity", names["severity_2"])
    corrupt_model(Path(store.path(f"bundles/{names['attack_2']}")))
    watcher.check()
    assert (champion(watcher), champion(watcher, "severity")) == (names["attack"], names["severity_2"])


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 9, "tasks": {}, "version": 7}', None])
def test_an_invalid_pointer_changes_no_model_and_is_reported_once(tmp_path: Path, content: bytes | None) -> None:
    store = fresh_store(tmp_path)
    watcher, listener, _ = watch(store)
    watcher.check()
    good = store.read(POINTER)
    store.delete(POINTER) if content is None else store.write(POINTER, content)
    assert (watcher.check(), watcher.check()) == ("refused", "unchanged")
    assert champion(watcher) == trained()[1]["attack"]
    assert watcher.current.problems
    store.write(POINTER, good)
    assert watcher.check() == "swapped"
    assert watcher.current.problems == ()
    assert listener.successes == [True, False, True]


def test_a_pointer_that_is_invalid_at_the_start_is_read_again(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    good = store.read(POINTER)
    store.write(POINTER, b"{")
    watcher, _, _ = watch(store)
    assert watcher.check() == "refused"
    assert not watcher.current.ready
    store.write(POINTER, good)
    assert watcher.check() == "swapped"
    assert watcher.current.ready


def test_a_rollout_loads_its_candidate_until_it_ends(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    watcher, _, _ = watch(store)
    start_rollout(store, "attack", mode="canary", percent=10, bundle=names["attack_2"], who="ann", when=NOON, why="try")
    watcher.check()
    candidate = watcher.current.tasks["attack"].candidate
    assert candidate is not None
    assert (candidate.model.bundle.hash, candidate.rollout.percent) == (names["attack_2"], 10)
    end_rollout(store, "attack")
    watcher.check()
    assert watcher.current.tasks["attack"].candidate is None


def test_a_refused_candidate_leaves_the_champion_alone(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    start_rollout(store, "attack", mode="ab", percent=50, bundle=names["attack_2"], who="ann", when=NOON, why="try")
    corrupt_model(Path(store.path(f"bundles/{names['attack_2']}")))
    watcher, _, _ = watch(store)
    assert watcher.check() == "refused"
    assert watcher.current.ready
    assert watcher.current.tasks["attack"].candidate is None


def test_the_thread_follows_the_pointer_until_stopped(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    watcher = ModelWatcher(store, interval=0.01)
    watcher.start()
    put_in_charge(store, "attack", trained()[1]["attack_2"])
    while champion(watcher) != trained()[1]["attack_2"]:
        pass
    assert watcher.alive
    watcher.stop()
    assert not watcher.alive


def test_every_byte_of_the_small_files_may_be_damaged(tmp_path: Path) -> None:
    """The models stay, the problem is shown, and the thread never gets an error."""
    store = fresh_store(tmp_path)
    watcher, _, _ = watch(store)
    assert watcher.check() == "swapped"
    served, bundle = champion(watcher), trained()[1]["attack"]
    for path in (POINTER, f"bundles/{bundle}/provenance.json"):
        file = Path(store.path(path))
        whole = file.read_bytes()
        for position in range(len(whole)):
            file.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
            watcher.check()
            assert champion(watcher) == served, position
            assert path != POINTER or watcher.current.problems, position
        file.write_bytes(whole)
        watcher.check()
        assert watcher.current.problems == ()


@pytest.mark.parametrize("change", ["torn", "one byte", "deep", "infinite"])
@pytest.mark.parametrize("leaf", ["provenance.json", "manifest.json", "pointer"])
def test_a_damaged_file_at_the_start_is_a_problem_of_that_file(tmp_path: Path, leaf: str, change: str) -> None:
    store = fresh_store(tmp_path)
    path = Path(store.path(POINTER if leaf == "pointer" else f"bundles/{trained()[1]['attack']}/{leaf}"))
    whole = path.read_bytes()
    damaged = {
        "torn": whole[: len(whole) // 2], "one byte": whole[:-1] + b"\xff",
        "deep": b'{"format": 2, "x": ' + b"[" * 200_000, "infinite": b'{"format": 2, "version": 1e400}',
    }  # fmt: skip
    path.write_bytes(damaged[change])
    watcher = ModelWatcher(store, interval=0.01)
    watcher.start()
    try:
        assert watcher.current.ready == (leaf == "provenance.json")
        assert ("severity" in watcher.current.tasks) == (leaf != "pointer")
        path.write_bytes(whole)
        watcher.check()
        assert watcher.alive
    finally:
        watcher.stop()


def test_an_unforeseen_error_is_shown_and_the_next_poll_recovers(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)

    class Failing(Listener):
        def __call__(self, models: ServedModels, *, success: bool) -> None:
            super().__call__(models, success=success)
            if len(self.successes) == 2:
                raise ZeroDivisionError

    watcher = ModelWatcher(store, interval=0.01, listener=Failing())
    watcher.start()
    try:
        served = champion(watcher)
        put_in_charge(store, "attack", trained()[1]["attack_2"])
        assert eventually(lambda: champion(watcher) != served)
        assert eventually(lambda: watcher.current.problems == ())
        assert watcher.alive
    finally:
        watcher.stop()


def test_a_store_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    """A restored backup may leave a folder in place of the pointer."""
    store = fresh_store(tmp_path)
    watcher, _, _ = watch(store)
    watcher.check()
    path = Path(store.path(POINTER))
    whole = path.read_bytes()
    path.unlink()
    path.mkdir()
    assert watcher.check() == "refused"
    assert champion(watcher) == trained()[1]["attack"]
    path.rmdir()
    path.write_bytes(whole)
    assert watcher.check() == "swapped"
