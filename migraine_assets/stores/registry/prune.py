"""Pruning of the store: removing old frames, and old bundles without references.

Frames and bundles that a current value names are kept, and so are all bundles that ever served or that the gate
refused. Deliveries, records and reports are never removed. Not here: when to prune (`defs.assets.champions`).
"""

from dataclasses import dataclass

from migraine_assets.stores.assets.frames import prune_frames
from migraine_assets.stores.store import Store

BUNDLES, NAMED_BY = "bundles", ("assets", "registry")
KEEP_FRAMES, KEEP_BUNDLES = 5, 64


@dataclass(frozen=True)
class Pruned:
    """The numbers of removed frames and bundles."""

    frames: int
    bundles: int


def prune_store(store: Store, *, keep_frames: int = KEEP_FRAMES, keep_bundles: int = KEEP_BUNDLES) -> Pruned:
    """Keep the newest `keep_frames` frames of each asset, the newest `keep_bundles` bundles, and all with references.

    The newest are kept without references, because a run in another process may have just written them.
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
