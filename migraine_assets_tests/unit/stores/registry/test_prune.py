"""Pruning removes only files without a reference."""

from pathlib import Path

import pandas as pd

from migraine_assets.stores.assets.current_values import StoredValue, write_current
from migraine_assets.stores.assets.frames import write_frame
from migraine_assets.stores.registry.prune import Pruned, prune_store
from migraine_assets.stores.store import Store


def _bundle(store: Store, name: str) -> None:
    store.write_all({f"bundles/{name}/model.onnx": b"model", f"bundles/{name}/manifest.json": b"{}"})


def test_an_empty_store_needs_no_pruning(tmp_path: Path) -> None:
    assert prune_store(Store(str(tmp_path / "store"))) == Pruned(0, 0)


def test_bundles_that_a_current_value_or_a_record_names_are_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    for name in ("served", "current", "nobody"):
        _bundle(store, name)
    store.write("registry/promotions/000001.json", b'{"to_champion": "served"}')
    write_current(store, "classifiers/knn", StoredValue("ModelRef", {"bundle": "current"}))
    assert prune_store(store, keep_bundles=0) == Pruned(0, 1)
    assert store.list("bundles") == ["current", "served"]


def test_the_newest_bundles_are_kept_although_nothing_names_them(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    for name in ("a", "b"):
        _bundle(store, name)
    assert prune_store(store, keep_bundles=2) == Pruned(0, 0)


def test_old_frames_are_removed_and_the_current_one_is_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    refs = [write_frame(store, "features", pd.DataFrame({"x": [float(i)]})) for i in range(4)]
    write_current(store, "features", StoredValue("FeaturesRef", {"frame": refs[0].version}))
    assert prune_store(store, keep_frames=0) == Pruned(3, 0)
    assert store.list("frames/features") == [f"{refs[0].version}.parquet"]
