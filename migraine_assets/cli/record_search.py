"""Records outside the store into which earlier versions wrote participants, for `migraine erase`.

Not here: how a database or a text is cleaned (`stores.record_erasure`), the store (`stores.erasure`), files of users
(`cli.participant_search`).
"""

import os
from collections.abc import Iterator
from pathlib import Path

from migraine_assets.cli.dagster.instance import dagster_folder
from migraine_assets.cli.dagster.postgres import database_label, is_postgres
from migraine_assets.settings import Settings
from migraine_assets.stores import record_erasure
from migraine_assets.stores.erasure import Trace


def record_traces(settings: Settings, participant: str, *, write: bool) -> Iterator[Trace]:
    """Yield the traces in the databases of Dagster and MLflow, in captured output, reports, artifacts and alerts.

    The database of a tracking server is not among them, because it cannot be reached through the server.
    """
    folder = dagster_folder(settings)
    databases = record_erasure.sqlite_databases(folder)
    for address in filter(None, (os.environ.get("DAGSTER_POSTGRES_URL"), settings.tracking_uri)):
        if address.startswith("sqlite:///"):
            databases += record_erasure.sqlite_databases(Path(address.removeprefix("sqlite:///").split("?")[0]))
        elif is_postgres(address):
            databases.append(record_erasure.Database(database_label(address), address))
    folders = [folder, settings.reports, settings.root / "mlartifacts"]
    if "://" not in settings.store_location:
        folders.append(Path(settings.store_location) / "alerts")
    yield from record_erasure.database_traces(databases, participant, write=write)
    yield from record_erasure.text_traces(folders, participant, write=write)
