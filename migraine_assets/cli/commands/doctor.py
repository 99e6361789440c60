"""`migraine doctor`: verify the installation, the configuration and the store.

Not here: the checks that read the files of the state (`cli.store_checks`).
"""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from migraine_assets.cli import store_checks
from migraine_assets.cli.console import AsJson, print_json, show
from migraine_assets.cli.dagster.instance import dagster_home
from migraine_assets.cli.dagster.postgres import database_label, is_postgres, wait_for_database
from migraine_assets.cli.documents.diaries import CheckLine
from migraine_assets.cli.documents.operation import DoctorDocument
from migraine_assets.cli.home import require_writable
from migraine_assets.errors import ConfigurationError, MigraineError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

MIN_FREE_GB = 2
LIBRARIES = ("dagster", "pandas", "pandera", "sklearn", "xgboost", "lightgbm", "onnxruntime", "pyarrow")


@dataclass(frozen=True)
class Check:
    """One check. `run` returns a description of what passed, or raises a `MigraineError`."""

    name: str
    run: Callable[[Settings], str]


def doctor(*, as_json: AsJson = False) -> None:
    """Check the environment, the store and everything in it."""
    settings = Settings()
    lines = [_line(check, settings) for check in CHECKS]
    if as_json:
        print_json(DoctorDocument(checks=lines))
    else:
        rows = [(line.check, line.result, line.detail) for line in lines]
        show("Checks", ("check", "result", "detail"), rows, text=("detail",))
    if failed := sum(line.result == "failed" for line in lines):
        raise ConfigurationError(f"{failed} of {len(lines)} checks failed: see the table.")


def _line(check: Check, settings: Settings) -> CheckLine:
    try:
        return CheckLine(check=check.name, result="passed", detail=check.run(settings))
    except MigraineError as error:
        return CheckLine(check=check.name, result="failed", detail=str(error))


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
                f"'{name}' cannot be imported: {error}. Run `make run` to install the pinned packages."
            ) from error
    return ", ".join(LIBRARIES)


def _home(settings: Settings) -> str:
    require_writable(settings.root)
    free = shutil.disk_usage(settings.root).free / 1e9
    if free < MIN_FREE_GB:
        raise ConfigurationError(f"{settings.root} has {free:.1f} GB free; at least {MIN_FREE_GB} GB are required.")
    return f"{settings.root}, {free:.0f} GB free"


def _instance(settings: Settings) -> str:
    home = str(dagster_home(settings))
    if url := os.environ.get("DAGSTER_POSTGRES_URL"):
        wait_for_database(url)
        return f"{home}, records in PostgreSQL {database_label(url)}"
    return home


def _tracking(settings: Settings) -> str:
    uri = settings.tracking_uri
    if is_postgres(uri):
        wait_for_database(uri)
        return f"PostgreSQL {database_label(uri)}"
    return uri


def _params(settings: Settings) -> str:
    from migraine_assets.params import load_params

    load_params(settings.params)
    return str(settings.params or "built-in defaults")


def _store(settings: Settings) -> str:
    store = Store(settings.store_location)
    store.write("probe", b"doctor")
    store.delete("probe")
    return store.uri


def _serving(settings: Settings) -> str:
    from migraine_assets.stores.bundles.bundles import load_bundle
    from migraine_assets.stores.registry.pointer import read_pointer

    store = Store(settings.store_location)
    serving = [
        f"{task}: {load_bundle(store, name).manifest.algorithm} {name[:12]}"
        for task, bundles in read_pointer(store).tasks.items()
        for name in (bundles.champion, bundles.challenger)
        if name
    ]
    return "; ".join(serving) or "no champion yet: start with `migraine run`"


CHECKS = (
    Check("Python", _python),
    Check("libraries", _libraries),
    Check("home", _home),
    Check("Dagster instance", _instance),
    Check("MLflow", _tracking),
    Check("parameters", _params),
    Check("store is writable", _store),
    Check("serving bundles", _serving),
    *(Check(*row) for row in store_checks.CHECKS),
)
