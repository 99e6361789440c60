"""`migraine doctor`: is everything there that is needed, and is what is there in order?"""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from migraine_assets.cli.console import show
from migraine_assets.cli.dagster.instance import dagster_home
from migraine_assets.cli.dagster.postgres import is_postgres, place, wait
from migraine_assets.errors import ConfigurationError, MigraineError
from migraine_assets.params import load_params
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.registry.champions import history
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store

LEAST_FREE_GB = 2
LIBRARIES = ("dagster", "pandas", "pandera", "sklearn", "xgboost", "lightgbm", "onnxruntime", "pyarrow")


@dataclass(frozen=True)
class Examination:
    """What is looked at, and how: the function returns a finding or raises a `MigraineError`."""

    name: str
    look: Callable[[Settings], str]


def doctor() -> None:
    """Show every examination. Raises `ConfigurationError` where one fails."""
    settings, rows, bad = Settings(), [], 0
    for examination in EXAMINATIONS:
        try:
            rows.append((examination.name, "good", examination.look(settings)))
        except MigraineError as error:
            bad += 1
            rows.append((examination.name, "bad", str(error)))
    show("Examination", ("what", "result", "finding"), rows)
    if bad:
        raise ConfigurationError(f"{bad} of {len(rows)} examinations failed: see the table.")


def _python(_: Settings) -> str:
    if sys.version_info[:2] != (3, 11):
        raise ConfigurationError(f"This is Python {sys.version.split()[0]}; the locked packages are for 3.11.")
    return sys.version.split()[0]


def _libraries(_: Settings) -> str:
    for name in LIBRARIES:
        try:
            import_module(name)
        except (ImportError, OSError) as error:
            raise ConfigurationError(
                f"'{name}' does not load: {error}. Run `make run` to install what is pinned."
            ) from error
    return ", ".join(LIBRARIES)


def _home(settings: Settings) -> str:
    settings.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.root).free / 1e9
    if free < LEAST_FREE_GB:
        raise ConfigurationError(f"{settings.root} has {free:.1f} GB free; {LEAST_FREE_GB} are needed.")
    return f"{settings.root}, {free:.0f} GB free"


def _instance(settings: Settings) -> str:
    home = str(dagster_home(settings))
    if url := os.environ.get("DAGSTER_POSTGRES_URL"):
        wait(url)
        return f"{home}, its records in PostgreSQL {place(url)}"
    return home


def _tracking(settings: Settings) -> str:
    uri = settings.tracking_uri
    if is_postgres(uri):
        wait(uri)
        return f"PostgreSQL {place(uri)}"
    return uri


def _params(settings: Settings) -> str:
    load_params(settings.params)
    return str(settings.params or "the package's own")


def _store(settings: Settings) -> str:
    store = Store(settings.store_location)
    store.write("probe", b"doctor")
    store.delete("probe")
    return store.uri


def _deliveries(settings: Settings) -> str:
    store = Store(settings.store_location)
    entries = deliveries.log(store)
    kept = [entry for entry in entries if not deliveries.erased(store, entry.acceptance.md5)]
    for entry in kept:
        deliveries.restore(store, entry.acceptance.md5)
    gone = f"; {len(entries) - len(kept)} erased" if len(kept) < len(entries) else ""
    return f"{len(entries)} accepted, every byte as it was{gone}"


def _serving(settings: Settings) -> str:
    store = Store(settings.store_location)
    serving = [
        f"{task}: {load_bundle(store, name).manifest.algorithm} {name[:12]}"
        for task, place in read_pointer(store).tasks.items()
        for name in (place.champion, place.challenger)
        if name
    ]
    return "; ".join(serving) or "no champion yet: start with `migraine run`"


def _records(settings: Settings) -> str:
    return f"{len(history(Store(settings.store_location)))} records"


EXAMINATIONS = (
    Examination("Python", _python),
    Examination("libraries", _libraries),
    Examination("home", _home),
    Examination("Dagster instance", _instance),
    Examination("MLflow", _tracking),
    Examination("parameters", _params),
    Examination("store can be written", _store),
    Examination("accepted diaries", _deliveries),
    Examination("bundles that serve", _serving),
    Examination("promotion records", _records),
)
