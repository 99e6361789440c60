"""Pruning the store: old frames, and bundles that nothing refers to any more.

Kept are everything that an asset's current value names, every bundle that ever served or that the gate refused (for
rollbacks and for the record), deliveries, records and reports. Not here: when to prune (`defs.assets.champions`).
"""

from dataclasses import dataclass

from migraine_assets.stores.assets.frames import prune_frames
from migraine_assets.stores.store import Store

BUNDLES, NAMED_BY = "bundles", ("assets", "registry")
KEEP_FRAMES, KEEP_BUNDLES = 5, 64


@dataclass(frozen=True)
class Pruned:
    """How many files or folders were removed."""

    frames: int
    bundles: int


def prune_store(store: Store, *, keep_frames: int = KEEP_FRAMES, keep_bundles: int = KEEP_BUNDLES) -> Pruned:
    """Keep the newest `keep_frames` frames of each asset, the newest `keep_bundles` bundles, and all that are named.

    The newest are kept even if nothing names them, so a run in another process does not lose what it just wrote.
    """
    frames = sum(len(prune_frames(store, asset, keep=keep_frames)) for asset in store.list("frames"))
    newest_first = sorted(store.list(BUNDLES), key=lambda name: -_modified(store, f"{BUNDLES}/{name}/manifest.json"))
    named = b"".join(store.read(path) for folder in NAMED_BY for path in _files(store, folder))
    obsolete = [name for name in newest_first[keep_bundles:] if name.encode() not in named]
    for name in obsolete:
        store.delete(f"{BUNDLES}/{name}")
    return Pruned(frames, len(obsolete))


def _modified(store: Store, path: str) -> float:
    return float(store.fs.modified(store.path(path)).timestamp()) if store.exists(path) else 0.0


def _files(store: Store, folder: str) -> list[str]:
    files: list[str] = []
    for name in store.list(folder):
        path = f"{folder}/{name}"
        files += _files(store, path) if store.fs.isdir(store.path(path)) else [path]
    return files
