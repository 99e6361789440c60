"""What a store may forget: old frames, and bundles that nothing names any more.

Kept are whatever an asset's pointer names, every bundle that ever served or was refused by the gate (for rollback and
for the record), deliveries, records and reports. Not here: when this is done (the orchestration).
"""

from dataclasses import dataclass

from migraine_assets.stores.assets.frames import prune_frames
from migraine_assets.stores.store import Store

BUNDLES, NAMED_BY = "bundles", ("assets", "registry")
KEEP_FRAMES, KEEP_BUNDLES = 5, 64


@dataclass(frozen=True)
class Forgotten:
    """How many files or folders were removed."""

    frames: int
    bundles: int


def tidy(store: Store, *, keep_frames: int = KEEP_FRAMES, keep_bundles: int = KEEP_BUNDLES) -> Forgotten:
    """Remove all but the newest `keep_frames` frames of each asset and `keep_bundles` bundles, and what is named.

    The newest stay whoever names them, so that a run in another process does not lose what it has just written.
    """
    frames = sum(len(prune_frames(store, asset, keep=keep_frames)) for asset in store.list("frames"))
    newest_first = sorted(store.list(BUNDLES), key=lambda name: -_modified(store, f"{BUNDLES}/{name}/manifest.json"))
    named = b"".join(store.read(path) for folder in NAMED_BY for path in _files(store, folder))
    doomed = [name for name in newest_first[keep_bundles:] if name.encode() not in named]
    for name in doomed:
        store.delete(f"{BUNDLES}/{name}")
    return Forgotten(frames, len(doomed))


def _modified(store: Store, path: str) -> float:
    return float(store.fs.modified(store.path(path)).timestamp()) if store.exists(path) else 0.0


def _files(store: Store, folder: str) -> list[str]:
    found: list[str] = []
    for name in store.list(folder):
        path = f"{folder}/{name}"
        found += _files(store, path) if store.fs.isdir(store.path(path)) else [path]
    return found
