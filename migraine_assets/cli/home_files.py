"""All files of a home and of its local store: leftovers of killed writers, and file modes.

Not here: how a leftover is recognized (`stores.unfinished`), which mode is right (`stores.file_modes`).
"""

from pathlib import Path

from migraine_assets.settings import Settings
from migraine_assets.stores import file_modes, unfinished
from migraine_assets.stores.locks import LockHeld, file_lock
from migraine_assets.stores.store import Store

MLFLOW_COPY = ".mlflow.db.new"
MLFLOW_LOCK = ".mlflow.db.lock"


def leftovers(settings: Settings) -> list[Path]:
    """Return the leftovers of killed writers in the store, among the reports and beside MLflow's database."""
    return [path for root in _roots(settings) for path in unfinished.leftovers(root)] + _mlflow_copies(settings)


def sweep_leftovers(settings: Settings) -> list[Path]:
    """Remove `leftovers`. Returns the removed files."""
    swept = [path for root in _roots(settings) for path in unfinished.sweep(root)]
    for path in _mlflow_copies(settings):
        path.unlink(missing_ok=True)
        swept.append(path)
    return swept


def close_to_others(settings: Settings) -> list[Path]:
    """Remove the access of other users to the files of home and store. Returns the changed files."""
    roots = [root for root in (settings.root, *_roots(settings)) if root.exists()]
    return [path for root in roots for path in file_modes.close_to_others(root)]


def _roots(settings: Settings) -> list[Path]:
    store = Store(settings.store_location)
    return [*([Path(store.root)] if store.local else []), settings.reports]


def _mlflow_copies(settings: Settings) -> list[Path]:
    """Return unfinished copies of MLflow's database, unless a process is upgrading it."""
    if not (copies := list(settings.root.glob(f"{MLFLOW_COPY}*"))):
        return []
    try:
        with file_lock(settings.root / MLFLOW_LOCK, wait=False):
            return copies
    except LockHeld:
        return []
