"""Databases in PostgreSQL for the homes of the tests, two for each home: `make postgres`.

They are used if `MIGRAINE_TESTS_POSTGRES` is the address of a server. Otherwise homes use SQLite.

Not here: the server (`server`).
"""

import hashlib
import os
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

SERVER = "MIGRAINE_TESTS_POSTGRES"
# Read at import, because homes clear the environment.
_SERVER = os.environ.get(SERVER)
NAMES = {"DAGSTER_POSTGRES_URL": "dagster", "MIGRAINE_MLFLOW_TRACKING_URI": "mlflow"}


def of(home: Path) -> dict[str, str]:
    """Return the variables with the databases of `home`, which the first call creates."""
    if not _SERVER:
        return {}
    databases = {variable: _name(home, kind) for variable, kind in NAMES.items()}
    for name in databases.values():
        _create(_SERVER, name)
    return {variable: f"{_SERVER}/{name}" for variable, name in databases.items()}


def copy(home: Path, to: Path) -> None:
    """Copy the databases of `home` to those of the home `to`."""
    for kind in NAMES.values() if _SERVER else ():
        # A home without a run has no databases yet.
        _create(str(_SERVER), _name(home, kind))
        _create(str(_SERVER), _name(to, kind), template=_name(home, kind))


def _name(home: Path, kind: str) -> str:
    return f"{kind}_{hashlib.sha256(str(home).encode()).hexdigest()[:20]}"


def _create(server: str, name: str, *, template: str = "template1") -> None:
    engine = create_engine(f"{server}/postgres", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar():
            # MLflow keeps connections open, but checks them before it uses them.
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(others), {"name": template})
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
