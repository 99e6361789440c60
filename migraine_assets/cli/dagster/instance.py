"""The persistent Dagster instance of this home, and its code location.

Not here: running a job on it (`cli.dagster.execution`).
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import migraine_assets
from migraine_assets.cli.dagster.postgres import schema_lock
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.remote_origin import RemoteJobOrigin


def project_root() -> Path:
    """Return the folder with dagster.yaml and workspace.yaml: the checkout, else the data of the installation."""
    checkout = Path(migraine_assets.__path__[0]).parent
    return checkout if (checkout / "dagster.yaml").exists() else Path(sys.prefix) / "share" / "migraine-platform"


# Keeps runs, events and schedules in PostgreSQL, for more than one machine.
POSTGRES = """
storage:
  postgres:
    postgres_url:
      env: DAGSTER_POSTGRES_URL
"""


def dagster_folder(settings: Settings) -> Path:
    """Return the folder of the instance, `DAGSTER_HOME` or `dagster` under home. It may not exist yet."""
    return Path(os.environ.get("DAGSTER_HOME") or settings.root / "dagster")


def dagster_home(settings: Settings) -> Path:
    """Return `DAGSTER_HOME` if it is set, otherwise `dagster` under home, with the project's dagster.yaml in it.

    If `DAGSTER_POSTGRES_URL` is set, the instance keeps its state there instead of in SQLite.
    """
    home, source = dagster_folder(settings), project_root() / "dagster.yaml"
    if os.environ.get("DAGSTER_HOME"):
        return home
    if not source.exists():
        raise ConfigurationError(f"{source} is missing. Set DAGSTER_HOME to a folder that contains a dagster.yaml.")
    content = source.read_text(encoding="utf-8") + (POSTGRES if os.environ.get("DAGSTER_POSTGRES_URL") else "")
    # Written only if it differs, because a webserver may be reading it.
    folder = Store(str(home))
    if not folder.exists(source.name) or folder.read(source.name) != content.encode():
        folder.write(source.name, content.encode())
    return home


def open_instance(settings: Settings) -> "dg.DagsterInstance":
    """Open the instance. Sets `DAGSTER_HOME` for this process, since Dagster reads it from the environment.

    Raises `StoreError` if its PostgreSQL does not answer.
    """
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(dagster_home(settings))
    # Two processes that open an empty database would both create its tables.
    with schema_lock(url) if (url := os.environ.get("DAGSTER_POSTGRES_URL")) else nullcontext():
        return dg.DagsterInstance.get()


def job_origin(job: str) -> "RemoteJobOrigin":
    """Return `job` as the webserver and the daemon know it: a job of the code location in workspace.yaml."""
    from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
    from dagster._core.remote_origin import RemoteRepositoryOrigin
    from dagster._core.workspace.load import location_origins_from_yaml_paths

    (location,) = location_origins_from_yaml_paths([str(project_root() / "workspace.yaml")])
    return RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME).get_job_origin(job)
