"""MLflow's SQLite database: made and brought up to date before anybody uses it.

Here belong the file, its lock and its schema. Not here: experiments and runs (`tracking`). Left to itself,
MLflow migrates the file in place while it is opened: two processes that meet a fresh one clash, and one killed
in the middle leaves a schema that no later start can repair. So the work is done on a copy, renamed when it is
ready.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from migraine_assets.stores.locks import file_lock


def prepare_sqlite(path: Path, *, artifact_root: str) -> None:
    """Make or upgrade the database at `path` for the installed MLflow; nothing happens where that was done."""
    import mlflow

    marker = path.with_name(f".{path.name}.prepared")
    with file_lock(path.with_name(f".{path.name}.lock")):
        if path.exists() and marker.exists() and marker.read_text() == mlflow.__version__:
            return
        _bring_up_to_date(path, artifact_root=artifact_root)
        marker.write_text(mlflow.__version__)


def _bring_up_to_date(path: Path, *, artifact_root: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    before = _copy(path, fresh) if path.exists() else None
    upgrade_schema(f"sqlite:///{fresh}", artifact_root=artifact_root)
    if before is not None and _revision(fresh) == before:
        # A user interface may have the file open: it is not replaced without need.
        fresh.unlink()
        return
    if before is not None:
        _copy(path, path.with_name(f"{path.name}.before-upgrade"))
    os.replace(fresh, path)


def upgrade_schema(uri: str, *, artifact_root: str) -> None:
    """Make or upgrade the tables at any `uri`, with nobody else at work on them; and the experiment "Default"."""
    from mlflow.db import commands
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    commands.main(["upgrade", uri], standalone_mode=False)
    # Opening it once makes the experiment "Default", whose artifacts would else belong to the working
    # directory.
    SqlAlchemyStore(uri, artifact_root).engine.dispose()  # type: ignore[no-untyped-call]


def _copy(source: Path, target: Path) -> str | None:
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)
    return _revision(target)


def _revision(path: Path) -> str | None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        if not database.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchone():
            return None
        found = database.execute("select version_num from alembic_version").fetchone()
    return str(found[0]) if found else None
