"""Bundles in the store: written whole or not at all, verified before they are believed.

Here belong the folder `bundles/<hash>/` and what loading checks. The service loads bundles, so this imports
neither scikit-learn nor pandas, and nothing in a bundle is ever executed: the model is a graph of ONNX
operators. Making a bundle of a fitted model is `stores.bundles.pack`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.errors import BundleRefused, DataRefused, StoreError
from migraine_assets.stores.bundles.manifest import (
    MANIFEST_FILE,
    MODEL_FILE,
    PROVENANCE_FILE,
    Manifest,
    canonical,
    parse,
    sha256,
)
from migraine_assets.stores.bundles.onnx_session import open_session, run_session
from migraine_assets.stores.store import Store

FOLDER = "bundles"


@dataclass(frozen=True)
class Bundle:
    """A verified model, ready to be asked."""

    hash: str
    manifest: Manifest
    session: Any

    def predict(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities or severities float64[n] for X float32[n, F] in the manifest's order, nulls as NaN."""
        if X.ndim != 2 or X.shape[1] != len(self.manifest.features):
            raise DataRefused(
                f"The model takes rows of {len(self.manifest.features)} features; shape {X.shape} was given."
            )
        return run_session(self.session, X)

    def predict_from(self, X: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float64]:
        """The same for X whose columns are `names`, in any order and with others among them."""
        place = {name: column for column, name in enumerate(names)}
        if missing := [name for name in self.manifest.features if name not in place]:
            raise DataRefused(f"The model needs features that were not computed: {', '.join(missing)}.")
        return self.predict(X[:, [place[name] for name in self.manifest.features]])


def write_bundle(store: Store, manifest: Manifest, model: bytes, *, provenance: Mapping[str, Any]) -> str:
    """Put a bundle into the store; its hash. `provenance` (runs, time) lies beside it and is no part of the
    hash.

    A bundle that is there already and verifies is left as it is; a damaged one is replaced.
    """
    content = manifest.canonical()
    name = sha256(content)
    files = {MODEL_FILE: model, PROVENANCE_FILE: canonical(provenance), MANIFEST_FILE: content}
    _verify_files(manifest, files, name)
    if not store.write_folder(f"{FOLDER}/{name}", files) and _damage(store, name):
        store.delete(f"{FOLDER}/{name}")
        store.write_folder(f"{FOLDER}/{name}", files)
    return name


def load_bundle(store: Store, name: str, *, threads: int = 1) -> Bundle:
    """The bundle whose hash is `name`, after checking format, hashes, inputs and outputs. Raises
    `BundleRefused`.
    """
    manifest = load_manifest(store, name)
    files = {file: _read(store, name, file) for file in sorted(manifest.files)}
    _verify_files(manifest, files, name)
    width, where = len(manifest.features), f"bundle {name[:12]}"
    session = open_session(files[MODEL_FILE], width=width, output=manifest.output, threads=threads, where=where)
    return Bundle(name, manifest, session)


def load_manifest(store: Store, name: str) -> Manifest:
    """The manifest of the bundle `name`, checked against its hash; the model itself is not read."""
    if len(name) != 64 or set(name) - set("0123456789abcdef"):
        raise BundleRefused(f"'{name}' is not the hash of a bundle.")
    content = _read(store, name, MANIFEST_FILE)
    if sha256(content) != name:
        raise BundleRefused(f"The manifest of bundle {name[:12]} was altered: its SHA-256 is not the bundle's name.")
    return parse(content, where=f"bundle {name[:12]}")


def load_provenance(store: Store, name: str) -> dict[str, Any]:
    """Which runs made the bundle, as recorded beside it; empty where that was not kept. Nothing depends on
    it.
    """
    import json

    path = f"{FOLDER}/{name}/{PROVENANCE_FILE}"
    content: dict[str, Any] = json.loads(store.read(path)) if store.exists(path) else {}
    return content


def add_provenance(store: Store, name: str, facts: Mapping[str, Any]) -> None:
    """Record what became known after the bundle was written; what is recorded already stays."""
    known = load_provenance(store, name)
    if any(key not in known for key in facts):
        store.write(f"{FOLDER}/{name}/{PROVENANCE_FILE}", canonical({**facts, **known}))


def _damage(store: Store, name: str) -> BundleRefused | None:
    try:
        load_bundle(store, name)
    except BundleRefused as refusal:
        return refusal
    return None


def _read(store: Store, name: str, file: str) -> bytes:
    if "/" in file or file.startswith("."):
        raise BundleRefused(f"The manifest of bundle {name[:12]} names the file '{file}', which is outside the bundle.")
    try:
        return store.read(f"{FOLDER}/{name}/{file}")
    except StoreError as error:
        raise BundleRefused(f"Bundle {name[:12]} is incomplete: {error}") from error


def _verify_files(manifest: Manifest, files: Mapping[str, bytes], name: str) -> None:
    for file, promised in manifest.files.items():
        if file not in files or sha256(files[file]) != promised:
            raise BundleRefused(
                f"'{file}' of bundle {name[:12]} is damaged: its SHA-256 is not the one in the manifest."
            )
