"""MLflow's SQLite database: creation and schema upgrades, before it is used.

By default, MLflow migrates the file in place when it is opened. Two processes that open a new file then interfere, and
a process that is killed during the migration leaves a broken schema. So a copy is migrated and then renamed.

Not here: experiments and runs (`stores.tracking.experiments`).
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from migraine_assets.stores.locks import file_lock


def prepare_sqlite(path: Path, *, artifact_root: str) -> None:
    """Create or upgrade the database at `path` for the installed MLflow, if that is necessary."""
    import mlflow

    marker = path.with_name(f".{path.name}.prepared")
    with file_lock(path.with_name(f".{path.name}.lock")):
        if path.exists() and marker.exists() and marker.read_text() == mlflow.__version__:
            return
        _upgrade(path, artifact_root=artifact_root)
        marker.write_text(mlflow.__version__)


def _upgrade(path: Path, *, artifact_root: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    before = _copy(path, fresh) if path.exists() else None
    upgrade_schema(f"sqlite:///{fresh}", artifact_root=artifact_root)
    if before is not None and _revision(fresh) == before:
        # Do not replace the file unnecessarily, because a UI may have it open.
        fresh.unlink()
        return
    if before is not None:
        _copy(path, path.with_name(f"{path.name}.before-upgrade"))
    os.replace(fresh, path)


def upgrade_schema(uri: str, *, artifact_root: str) -> None:
    """Create or upgrade the tables and the experiment "Default" of the database `uri`. No other process may use it."""
    from mlflow.db import commands
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    commands.main(["upgrade", uri], standalone_mode=False)
    # Opening the store creates the experiment "Default", whose artifacts would otherwise be in the working directory.
    SqlAlchemyStore(uri, artifact_root).engine.dispose()  # type: ignore[no-untyped-call]


def _copy(source: Path, target: Path) -> str | None:
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)
    return _revision(target)


def _revision(path: Path) -> str | None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        if not database.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchone():
            return None
        row = database.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else None
