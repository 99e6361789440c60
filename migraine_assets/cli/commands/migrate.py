"""`migraine migrate`: the tables of Dagster and of MLflow, made or brought up to date for the installed versions.

Run before a new version starts: by Helm before an upgrade, by hand elsewhere. May run any number of times and in many
processes at once. Not here: locks and waiting (`cli.dagster.postgres`), MLflow's schema (`stores.tracking.database`).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from migraine_assets.cli.console import say
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.cli.dagster.postgres import exclusive, is_postgres, place, wait
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.tracking.database import upgrade_schema
from migraine_assets.stores.tracking.experiments import Tracker, settle_environment

PATIENCE_SECONDS = 300.0
# Where an MLflow server puts files of which it only passes on the bytes.
SERVED_FILES = "mlflow-artifacts:/"
NEWER = "the tables are those of a newer version, and stay as they are"


def migrate(which: str) -> None:
    """Bring the tables of `which` (`dagster`, `mlflow` or `all`) up to date. Raises `StoreError` where it cannot."""
    if which not in (*DATABASES, "all"):
        raise ConfigurationError(f"'{which}' has no tables here; choose one of {', '.join(DATABASES)}, all.")
    settings = Settings()
    for name, database in DATABASES.items():
        if which in (name, "all"):
            say(f"{database.title}: {database.migrate(settings)}")


def _dagster(settings: Settings) -> str:
    url = os.environ.get("DAGSTER_POSTGRES_URL")
    if url:
        wait(url, patience=PATIENCE_SECONDS, say=say)
    with open_instance(settings) as instance:
        where = place(url) if url else f"SQLite in {instance.root_directory}"
        if not url:
            return f"{where}, {_tolerant(instance.upgrade)}"
        with exclusive(url):
            return f"{where}, {_tolerant(instance.upgrade)}"


def _mlflow(settings: Settings) -> str:
    settle_environment()
    # What `mlflow server` itself reads comes first: where that server is, no other address leads to its tables.
    uri = os.environ.get("MLFLOW_BACKEND_STORE_URI") or settings.tracking_uri
    if is_postgres(uri):
        wait(uri, patience=PATIENCE_SECONDS, say=say)
        with exclusive(uri):
            return f"{place(uri)}, {_tolerant(lambda: upgrade_schema(uri, artifact_root=SERVED_FILES))}"
    if not uri.startswith("sqlite:"):
        return f"{uri} looks after its tables itself"
    Tracker(uri, artifact_root=settings.artifact_root).prepare()
    return f"{uri}, up to date"


def _tolerant(upgrade: Callable[[], object]) -> str:
    """Upgrade, but leave tables of a newer version alone: an older one that is put back has to start."""
    from alembic.util.exc import CommandError

    try:
        upgrade()
    except CommandError as error:
        if "locate revision" not in str(error):
            raise
        return NEWER
    return "up to date"


@dataclass(frozen=True)
class Database:
    """Somebody's tables: what they are called, and what brings them up to date and says what came of it."""

    title: str
    migrate: Callable[[Settings], str]


DATABASES = {"dagster": Database("Dagster", _dagster), "mlflow": Database("MLflow", _mlflow)}
