"""Bundles of format 1, written by the last version with that format, can be loaded and predict as before."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migraine_assets.core.diary.cleaning import Cleaner
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles import format_1
from migraine_assets.stores.bundles.bundles import load_bundle, load_manifest
from migraine_assets.stores.bundles.manifest import canonical
from migraine_assets.stores.bundles.manifest_reader import parse
from migraine_assets.stores.store import Store

FOLDER = Path(__file__).parent / "format_1"
# Trained on the synthetic cohort: ridge (severity), logistic regression without dates (attack), and with dates.
NAMES = tuple(sorted(path.name for path in FOLDER.iterdir()))
ATTACK, SEVERITY, UNDATED = (
    next(name for name in NAMES if name.startswith(start)) for start in ("fcf3", "c9d6", "dfdd")
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(str(tmp_path))
    for name in NAMES:
        store.write_all({f"bundles/{name}/{path.name}": path.read_bytes() for path in (FOLDER / name).iterdir()})
    return store


def content(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / name / "manifest.json").read_bytes())
    return read


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_predicts_and_keeps_its_name(store: Store, name: str) -> None:
    bundle = load_bundle(store, name)
    assert (bundle.hash, bundle.format) == (name, 1)
    assert bundle.manifest.names == tuple(content(name)["features"])
    assert np.isfinite(bundle.predict(np.full((2, len(bundle.manifest.names)), np.nan, dtype=np.float32))).all()


def test_every_value_of_the_old_document_is_kept(store: Store) -> None:
    old, new = content(ATTACK), load_manifest(store, ATTACK)
    assert (new.algorithm, new.seed, new.horizon, new.severity_kind) == ("logistic_regression", 3, 1, None)
    assert new.metrics["roc_auc"].value == old["metrics"]["roc_auc"]["value"]
    assert new.references["stress_level"].counts == tuple(old["reference"]["stress_level"]["counts"])
    assert new.training.participants == old["training"]["participants"]
    assert new.features_version == old["features_version"] == format_1.FEATURES_VERSION
    assert load_manifest(store, SEVERITY).severity_kind == "severity"
    assert load_manifest(store, SEVERITY).conformal is not None


def test_what_it_did_not_say_comes_from_the_frozen_recipe(store: Store) -> None:
    manifest = load_manifest(store, ATTACK)
    assert {feature.name: feature.operation for feature in manifest.features}["stress_letdown"] == "fall"
    assert {clip.field: clip.high for clip in manifest.cleaning.clips}["hydration"] == 6
    assert compile_recipe(manifest.recipe).names == manifest.names
    fields = manifest.recipe.contract
    assert Cleaner(manifest.cleaning, fields.columns).changing
    assert "screen_time" in fields.names()
    assert load_manifest(store, UNDATED).horizon == 0


def test_the_frozen_recipe_is_frozen() -> None:
    """Rows of format 1 are always computed from it, independent of the current table."""
    frozen = (files("migraine_assets.stores.bundles") / "format_1.json").read_bytes()
    assert hashlib.sha256(frozen).hexdigest() == "eb920973132a7c4d468cc6a23a9d8e8769a88f6ce7ce49cbcdd55ee984084728"


def test_a_feature_that_format_1_did_not_have_is_refused() -> None:
    read = content(ATTACK)
    read["features"][0] = "phase_of_the_moon"
    with pytest.raises(BundleRefused, match=r"No such feature: phase_of_the_moon"):
        parse(canonical(read), where="x")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"surprise": 1}, "surprise"),
        ({"task": "pain"}, "pain"),
        ({"features": "ab"}, "features"),
        ({"files": {}}, "onnx"),
    ],
)
def test_a_document_that_is_not_of_format_1_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BundleRefused, match=sentence):
        parse(canonical(content(ATTACK) | changes), where="x")
