"""Bundles in the store, in folders `bundles/<hash>/`, which are written atomically and verified before use.

The service loads bundles, so this module imports neither scikit-learn nor pandas. A bundle contains no code: the model
is a graph of ONNX operators. Not here: packing a fitted model into a bundle (`stores.bundles.pack`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.errors import BundleRefused, ConfigurationError, DataRefused, StoreError
from migraine_assets.stores.bundles.manifest import FORMAT, MANIFEST_FILE, MODEL_FILE, Manifest, sha256
from migraine_assets.stores.bundles.manifest_reader import format_of, parse
from migraine_assets.stores.bundles.onnx_session import open_session, run_session
from migraine_assets.stores.bundles.provenance import FILE as PROVENANCE_FILE
from migraine_assets.stores.bundles.provenance import BundleProvenance
from migraine_assets.stores.documents import encode_document
from migraine_assets.stores.store import Store

FOLDER = "bundles"


@dataclass(frozen=True)
class Bundle:
    """A verified model, ready to predict. `format`: number of the format in which it is stored."""

    hash: str
    manifest: Manifest
    session: Any
    format: int = FORMAT

    def predict(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities or severities float64[n] for X float32[n, F] in the manifest's order, with nulls as NaN.

        Raises `DataRefused` for another number of features.
        """
        if X.ndim != 2 or X.shape[1] != len(self.manifest.features):
            raise DataRefused(
                f"The model takes rows of {len(self.manifest.features)} features, not an array of shape {X.shape}."
            )
        return run_session(self.session, X)

    def predict_from(self, X: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float64]:
        """Predict for X with the columns `names`, in any order; other columns are ignored.

        Raises `DataRefused` if a feature is missing.
        """
        columns = {name: column for column, name in enumerate(names)}
        if missing := [name for name in self.manifest.names if name not in columns]:
            raise DataRefused(f"The model needs features that were not computed: {', '.join(missing)}.")
        return self.predict(X[:, [columns[name] for name in self.manifest.names]])


def write_bundle(store: Store, manifest: Manifest, model: bytes, *, provenance: BundleProvenance | None = None) -> str:
    """Write a bundle to the store and return its hash. `provenance` is stored beside it and is not part of the hash.

    An intact bundle with the same hash is kept; a damaged one is replaced. Raises `BundleRefused` if the manifest has
    values that its JSON does not preserve.
    """
    content = manifest.canonical()
    name = sha256(content)
    if parse(content, where=f"bundle {name[:12]}") != manifest:
        raise BundleRefused(f"The manifest of bundle {name[:12]} has values that its JSON form does not preserve.")
    files = {
        MODEL_FILE: model,
        PROVENANCE_FILE: encode_document(provenance or BundleProvenance()),
        MANIFEST_FILE: content,
    }
    _verify_files(manifest, files, name)
    if not store.write_folder(f"{FOLDER}/{name}", files) and _damage(store, name):
        store.delete(f"{FOLDER}/{name}")
        store.write_folder(f"{FOLDER}/{name}", files)
    return name


def load_bundle(store: Store, name: str, *, threads: int = 1) -> Bundle:
    """Load the bundle with the hash `name`, and check its format, hashes, inputs and outputs.

    Raises `BundleRefused` if a check fails.
    """
    content = _manifest_content(store, name)
    manifest, number = parse(content, where=f"bundle {name[:12]}"), format_of(content, where=f"bundle {name[:12]}")
    files = {file: _read(store, name, file) for file in sorted(manifest.files)}
    _verify_files(manifest, files, name)
    width, where = len(manifest.features), f"bundle {name[:12]}"
    session = open_session(files[MODEL_FILE], width=width, output=manifest.output, threads=threads, where=where)
    return Bundle(name, manifest, session, number)


def load_manifest(store: Store, name: str) -> Manifest:
    """Load and verify the manifest of the bundle `name`, without the model. Raises `BundleRefused`."""
    return parse(_manifest_content(store, name), where=f"bundle {name[:12]}")


def find_bundle(store: Store, task: str, prefix: str) -> str:
    """Return the hash of the only bundle that begins with `prefix`.

    Raises `ConfigurationError` if there is no such bundle, if there are several, or if it is not a model of `task`.
    """
    matches = [name for name in store.list(FOLDER) if name.startswith(prefix)]
    if len(matches) != 1:
        count = f"{len(matches)} bundles begin with" if matches else "No bundle begins with"
        raise ConfigurationError(f"{count} '{prefix}' in {store.uri}. `migraine history` lists former champions.")
    trained_for = load_manifest(store, matches[0]).task
    if trained_for != task:
        raise ConfigurationError(f"The bundle {matches[0][:12]} was trained for '{trained_for}', not '{task}'.")
    return matches[0]


def _manifest_content(store: Store, name: str) -> bytes:
    if len(name) != 64 or set(name) - set("0123456789abcdef"):
        raise BundleRefused(f"'{name}' is not the hash of a bundle.")
    content = _read(store, name, MANIFEST_FILE)
    if sha256(content) != name:
        raise BundleRefused(f"The manifest of bundle {name[:12]} was altered: its SHA-256 is not the bundle's name.")
    return content


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
