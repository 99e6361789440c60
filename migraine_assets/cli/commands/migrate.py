"""`migraine migrate`: create or upgrade the database tables of Dagster, MLflow and the kept diaries.

Run it before a new version starts. Helm runs it before an upgrade; elsewhere run it by hand. It is idempotent and safe
to run in several processes at once. Not here: locks and waiting (`cli.dagster.postgres`), MLflow's schema
(`stores.tracking.database`).
"""

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from migraine_assets.cli.console import say
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.cli.dagster.postgres import (
    RETRY_SECONDS,
    database_label,
    is_postgres,
    schema_lock,
    wait_for_database,
)
from migraine_assets.cli.home import require_writable
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.diaries.database import DiariesUnavailable
from migraine_assets.stores.tracking.database import upgrade_schema
from migraine_assets.stores.tracking.experiments import prepare_experiments, set_environment

if TYPE_CHECKING:
    from migraine_assets.stores.diaries.database import Database as KeptDatabase

TIMEOUT_SECONDS = 300.0
# Artifact root of an MLflow server that proxies artifacts to its clients.
PROXIED_ARTIFACTS = "mlflow-artifacts:/"


def migrate(
    which: Annotated[
        str,
        typer.Argument(
            help="Which tables: dagster, mlflow, diaries or all.", autocompletion=lambda: [*DATABASES, "all"]
        ),
    ] = "all",
) -> None:
    """Create or upgrade the database tables of Dagster, MLflow and the kept diaries; waits for PostgreSQL."""
    if which not in (*DATABASES, "all"):
        raise ConfigurationError(f"There are no tables named '{which}': choose one of {', '.join(DATABASES)}, all.")
    settings = Settings()
    for name, database in DATABASES.items():
        if which in (name, "all"):
            say(f"{database.title}: {database.migrate(settings)}")


def _dagster(settings: Settings) -> str:
    url = os.environ.get("DAGSTER_POSTGRES_URL")
    if not os.environ.get("DAGSTER_HOME"):
        require_writable(settings.root)
    if url:
        wait_for_database(url, timeout=TIMEOUT_SECONDS, say=say)
    with open_instance(settings) as instance:
        label = database_label(url) if url else f"SQLite in {instance.root_directory}"
        if not url:
            return f"{label}, {_upgrade_unless_newer(instance.upgrade)}"
        with schema_lock(url):
            return f"{label}, {_upgrade_unless_newer(instance.upgrade)}"


def _mlflow(settings: Settings) -> str:
    set_environment()
    # The variable that `mlflow server` reads comes first: in that server's pod it is the only address of its tables.
    uri = os.environ.get("MLFLOW_BACKEND_STORE_URI") or settings.tracking_uri
    if is_postgres(uri):
        wait_for_database(uri, timeout=TIMEOUT_SECONDS, say=say)
        with schema_lock(uri):
            state = _upgrade_unless_newer(lambda: upgrade_schema(uri, artifact_root=PROXIED_ARTIFACTS))
            return f"{database_label(uri)}, {state}"
    if not uri.startswith("sqlite:"):
        return f"{uri} manages its own tables"
    require_writable(settings.root)
    prepare_experiments(uri, artifact_root=settings.artifact_root)
    return f"{uri}, up to date"


def _diaries(settings: Settings) -> str:
    from migraine_assets.sources.service import kept_database
    from migraine_assets.stores.diaries.schema import VERSION, NewerSchema, migrate

    if settings.diary_url is None:
        require_writable(settings.root)
    with closing(kept_database(settings)) as database:
        _wait_for(database)
        try:
            applied = migrate(database)
        except NewerSchema:
            return f"{database.label}, left unchanged: the tables belong to a newer version"
        return f"{database.label}, up to date" + (f" (schema {VERSION})" if applied else "")


def _wait_for(database: "KeptDatabase") -> None:
    """Return when the database answers. Raises `StoreError` if it does not in time."""
    deadline, announced = time.monotonic() + TIMEOUT_SECONDS, False
    while True:
        try:
            database.has_table("diary_schema")
            return
        except DiariesUnavailable as error:
            if time.monotonic() >= deadline:
                raise
            if not announced:
                say(f"Waiting for the database of diaries: {error}")
                announced = True
        time.sleep(RETRY_SECONDS)


def _upgrade_unless_newer(upgrade: Callable[[], object]) -> str:
    """Upgrade, but leave the tables of a newer version alone, so that a rolled-back version can start."""
    from alembic.util.exc import CommandError

    try:
        upgrade()
    except CommandError as error:
        if "locate revision" not in str(error):
            raise
        return "left unchanged: the tables belong to a newer version"
    return "up to date"


@dataclass(frozen=True)
class Database:
    """The tables of one product. `migrate` upgrades them and returns a description of the result."""

    title: str
    migrate: Callable[[Settings], str]


DATABASES = {
    "dagster": Database("Dagster", _dagster),
    "mlflow": Database("MLflow", _mlflow),
    "diaries": Database("Kept diaries", _diaries),
}
