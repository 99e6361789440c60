"""The Dagster instance of this home, and one in-process run of a job on it."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import migraine_assets
from migraine_assets.cli.dagster.postgres import exclusive
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import dagster as dg


def project_root() -> Path:
    """The folder that holds dagster.yaml and workspace.yaml: a checkout, else what an installation put beside it."""
    checkout = Path(migraine_assets.__path__[0]).parent
    return checkout if (checkout / "dagster.yaml").exists() else Path(sys.prefix) / "share" / "migraine-platform"


# Runs, events and schedules in PostgreSQL, for more than one machine.
POSTGRES = """
storage:
  postgres:
    postgres_url:
      env: DAGSTER_POSTGRES_URL
"""


def dagster_home(settings: Settings) -> Path:
    """`DAGSTER_HOME` where it is set, otherwise `dagster` under home, with the project's dagster.yaml in it.

    Where `DAGSTER_POSTGRES_URL` is set, the instance keeps its state there instead of in SQLite.
    """
    if named := os.environ.get("DAGSTER_HOME"):
        return Path(named)
    home, source = settings.root / "dagster", project_root() / "dagster.yaml"
    if not source.exists():
        raise ConfigurationError(f"{source} is missing. Set DAGSTER_HOME to a folder that holds a dagster.yaml.")
    wanted = source.read_text(encoding="utf-8") + (POSTGRES if os.environ.get("DAGSTER_POSTGRES_URL") else "")
    # Written only when it differs: a webserver may be reading it.
    content = Store(str(home))
    if not content.exists(source.name) or content.read(source.name) != wanted.encode():
        content.write(source.name, wanted.encode())
    return home


def open_instance(settings: Settings) -> "dg.DagsterInstance":
    """The persistent instance. Sets `DAGSTER_HOME` for this process, since Dagster reads it from there.

    Raises `StoreError` where its PostgreSQL does not answer.
    """
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    # Two that meet an empty database would both make its tables.
    with exclusive(url) if (url := os.environ.get("DAGSTER_POSTGRES_URL")) else nullcontext():
        return dg.DagsterInstance.get()
