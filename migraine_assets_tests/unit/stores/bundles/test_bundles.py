"""Bundles are written once, and loaded only if every byte matches its hash."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.errors import BundleRefused, DataRefused
from migraine_assets.stores.bundles.bundles import (
    load_bundle,
    load_manifest,
    write_bundle,
)
from migraine_assets.stores.bundles.manifest import sha256
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance, load_provenance
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.bundles.example_bundles import FEATURES, example_manifest, example_model

ROWS = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, -1.0]], dtype=np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.fixture
def name(store: Store) -> str:
    model = example_model()
    return write_bundle(store, example_manifest(model), model, provenance=BundleProvenance(dagster_run="r1"))


def test_a_bundle_is_named_by_the_hash_of_its_manifest_and_predicts(store: Store, name: str) -> None:
    bundle = load_bundle(store, name)
    assert store.list("bundles") == [name]
    assert sha256(store.read(f"bundles/{name}/manifest.json")) == name == bundle.hash
    assert bundle.predict(ROWS) == pytest.approx([0.5, 1 / (1 + np.exp(-1.0))])
    assert bundle.predict(ROWS[:0]).shape == (0,)
    assert bundle.predict(ROWS).dtype == np.float64


def test_columns_are_chosen_by_name_and_missing_ones_are_named(store: Store, name: str) -> None:
    bundle = load_bundle(store, name)
    shuffled = ("age", *reversed(FEATURES))
    X = np.column_stack([np.full(2, 99, dtype=np.float32), ROWS[:, ::-1]])
    assert np.array_equal(bundle.predict_from(X, shuffled), bundle.predict(ROWS))
    with pytest.raises(DataRefused, match="not computed: stress_level, sleep_hours"):
        bundle.predict_from(X[:, :1], ("attack_today",))


@pytest.mark.parametrize("shape", [(2, 2), (3,), (1, 4)])
def test_rows_of_another_width_are_refused(store: Store, name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(DataRefused, match="rows of 3 features"):
        load_bundle(store, name).predict(np.zeros(shape, dtype=np.float32))


def test_provenance_is_stored_beside_the_bundle_and_does_not_change_its_hash(store: Store, name: str) -> None:
    model = example_model()
    assert write_bundle(store, example_manifest(model), model, provenance=BundleProvenance(dagster_run="r2")) == name
    assert load_provenance(store, name) == BundleProvenance(dagster_run="r1")
    store.delete(f"bundles/{name}/provenance.json")
    assert load_provenance(store, name) == BundleProvenance()
    assert load_bundle(store, name).hash == name


def test_files_that_the_manifest_does_not_name_are_never_read(store: Store, name: str) -> None:
    store.write(f"bundles/{name}/evil.py", b"raise SystemExit")
    store.write(f"bundles/{name}/provenance.json", b"\x80\x04nonsense")
    assert load_bundle(store, name).predict(ROWS)[0] == 0.5


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "flip", "longer", "gone"])
def test_a_damaged_file_is_refused(store: Store, name: str, file: str, damage: str) -> None:
    path = f"bundles/{name}/{file}"
    content = store.read(path)
    if damage == "gone":
        store.delete(path)
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        store.write(path, {"cut": content[:-1], "empty": b"", "flip": flipped, "longer": content + b" "}[damage])
    with pytest.raises(BundleRefused, match="incomplete" if damage == "gone" else "altered|damaged"):
        load_bundle(store, name)


def test_a_damaged_bundle_is_replaced_by_the_next_run(store: Store, name: str) -> None:
    model = example_model()
    store.write(f"bundles/{name}/model.onnx", model[:100])
    write_bundle(store, example_manifest(model), model, provenance=BundleProvenance(dagster_run="r2"))
    assert load_bundle(store, name).predict(ROWS)[0] == 0.5
    assert load_provenance(store, name) == BundleProvenance(dagster_run="r2")


def _planted(store: Store, manifest: bytes, model: bytes) -> str:
    name = sha256(manifest)
    store.write_all({f"bundles/{name}/model.onnx": model, f"bundles/{name}/manifest.json": manifest})
    return name


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (b"not a graph", "cannot load"),
        (b"", "cannot load"),
        (b"\x80\x04\x95cos\nsystem\n", "cannot load"),
        (example_model(width=4), "inputs and outputs"),
        (example_model(output="severity"), "inputs and outputs"),
    ],
)
def test_a_graph_with_other_inputs_or_outputs_is_refused(store: Store, model: bytes, sentence: str) -> None:
    planted = _planted(store, example_manifest(model).canonical(), model)
    with pytest.raises(BundleRefused, match=sentence):
        load_bundle(store, planted)


def test_a_newer_format_is_refused_with_its_number(store: Store) -> None:
    model = example_model()
    newer = json.dumps(json.loads(example_manifest(model).canonical()) | {"format": 9}).encode()
    with pytest.raises(BundleRefused, match="format 9; this version reads 1, 2"):
        load_bundle(store, _planted(store, newer, model))


@pytest.mark.parametrize("file", ["../../champion.json", "/etc/passwd", ".hidden", "a/b"])
def test_a_manifest_that_points_outside_its_folder_is_refused(store: Store, file: str) -> None:
    model = example_model()
    files = {"model.onnx": sha256(model), file: "0" * 64}
    with pytest.raises(BundleRefused, match="outside the bundle"):
        load_bundle(store, _planted(store, example_manifest(model, files=files).canonical(), model))


@pytest.mark.parametrize("wrong", ["", "abc", "../" * 21 + "a", "A" * 64, "0" * 63 + "/"])
def test_only_a_hash_is_a_valid_bundle_name(store: Store, wrong: str) -> None:
    with pytest.raises(BundleRefused, match="is not the hash of a bundle"):
        load_manifest(store, wrong)


def test_an_absent_bundle_is_refused(store: Store) -> None:
    with pytest.raises(BundleRefused, match="Bundle 000000000000 is incomplete"):
        load_bundle(store, "0" * 64)


def test_a_model_that_does_not_match_the_manifest_is_never_written(store: Store) -> None:
    with pytest.raises(BundleRefused, match="SHA-256"):
        write_bundle(store, example_manifest(example_model()), example_model(weight=2.0))
    assert store.list("bundles") == []


def test_an_object_store_gets_the_manifest_last() -> None:
    """An object store has no rename: a bundle without its manifest is refused, and a retry completes it."""
    remote, model = Store("memory://bundle-test"), example_model()
    manifest = example_manifest(model)
    name = sha256(manifest.canonical())
    remote.write(f"bundles/{name}/model.onnx", model[:50])
    with pytest.raises(BundleRefused, match="incomplete"):
        load_bundle(remote, name)
    assert write_bundle(remote, manifest, model) == name
    assert load_bundle(remote, name).predict(ROWS)[0] == 0.5
    remote.delete("bundles")


def test_the_service_loads_a_bundle_without_the_training_libraries(store: Store, name: str) -> None:
    code = (
        "import sys, numpy\n"
        "from migraine_assets.stores.bundles.bundles import load_bundle\n"
        "from migraine_assets.stores.store import Store\n"
        f"bundle = load_bundle(Store({store.uri!r}), {name!r})\n"
        "assert bundle.predict(numpy.zeros((1, 3), numpy.float32))[0] == 0.5\n"
        "heavy = {'sklearn', 'pandas', 'mlflow', 'dagster', 'scipy', 'xgboost', 'lightgbm', 'onnx', 'skl2onnx'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    process = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")


def test_provenance_is_added_to_and_never_replaced(store: Store, name: str) -> None:
    add_provenance(store, name, BundleProvenance(dagster_run="r2", mlflow_run="m"))
    assert load_provenance(store, name) == BundleProvenance(dagster_run="r1", mlflow_run="m")
    assert load_bundle(store, name).hash == name


@pytest.mark.parametrize("content", [b"\x80\x04nonsense", b"", b"[" * 100_000, b'{"test": {"roc_auc": 1}}'])
def test_a_damaged_provenance_counts_as_empty_and_hinders_nothing(store: Store, name: str, content: bytes) -> None:
    store.write(f"bundles/{name}/provenance.json", content)
    assert load_provenance(store, name) == BundleProvenance()
    add_provenance(store, name, BundleProvenance(mlflow_run="m"))
    assert load_provenance(store, name) == BundleProvenance(mlflow_run="m")


def test_a_provenance_of_the_first_version_is_read(store: Store, name: str) -> None:
    content = b'{"dagster_run":"r","made":"2026-03-01","test":{"roc_auc":{"ci_high":null,"ci_low":0.6,"value":0.7}}}'
    store.write(f"bundles/{name}/provenance.json", content)
    provenance = load_provenance(store, name)
    assert (provenance.dagster_run, provenance.test["roc_auc"]) == ("r", IntervalRecord(0.7, 0.6, None))
