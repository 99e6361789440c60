"""The records of every home of the tests in PostgreSQL instead of SQLite: `make postgres`.

`MIGRAINE_TESTS_POSTGRES` names the server; without it nothing here does anything.

Here belong databases, two for each home. Not here: the server (`server`).
"""

import hashlib
import os
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

SERVER = "MIGRAINE_TESTS_POSTGRES"
# Read once: homes take the environment away.
_SERVER = os.environ.get(SERVER)
NAMES = {"DAGSTER_POSTGRES_URL": "dagster", "MIGRAINE_MLFLOW_TRACKING_URI": "mlflow"}


def of(home: Path) -> dict[str, str]:
    """The variables that keep the records of `home` in databases of its own, made when they are first asked for."""
    if not _SERVER:
        return {}
    databases = {variable: _name(home, kind) for variable, kind in NAMES.items()}
    for name in databases.values():
        _make(_SERVER, name)
    return {variable: f"{_SERVER}/{name}" for variable, name in databases.items()}


def copy(home: Path, to: Path) -> None:
    """Give the home `to` what is recorded of `home`."""
    for kind in NAMES.values() if _SERVER else ():
        # A home in which nothing has run has no records yet.
        _make(str(_SERVER), _name(home, kind))
        _make(str(_SERVER), _name(to, kind), template=_name(home, kind))


def _name(home: Path, kind: str) -> str:
    return f"{kind}_{hashlib.sha256(str(home).encode()).hexdigest()[:20]}"


def _make(server: str, name: str, *, template: str = "template1") -> None:
    engine = create_engine(f"{server}/postgres", poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar():
            # MLflow keeps connections, and looks whether they still live before it uses one.
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(others), {"name": template})
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
