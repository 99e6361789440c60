"""Erasure of a participant from the records of Dagster and MLflow: SQLite and PostgreSQL databases, logs, artifacts.

This version writes no participants there. Earlier versions wrote example rows into the metadata of assets, and names
into notes, checks and messages. Cleaned databases are vacuumed, because a deleted value remains in the file until its
space is used again. Not here: cleaning text (`stores.redaction`), the store (`stores.erasure`).
"""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.erasure import Trace
from migraine_assets.stores.redaction import Redactor

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Engine, Table

CLEANED = "rewritten without the participant; the database is vacuumed"
VACUUMED = "deleted earlier, still in the file: the database is vacuumed"
REWRITTEN = "rewritten without the name"
# Values of these columns link rows and are never a participant.
_KEPT = ("key", "name", "id", "uuid", "type", "status", "partition")
_BUSY_SECONDS = 10
_LARGEST_TEXT = 50_000_000


@dataclass(frozen=True)
class Database:
    """A database. `label`: its name in messages, without a password. `file`: path of a SQLite file, else None."""

    label: str
    url: str
    file: Path | None = None


def sqlite_databases(*places: Path) -> list[Database]:
    """Return the SQLite databases at `places`, which are files, and folders that are searched recursively."""
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.db")))]
    return [Database(str(file), f"sqlite:///{file}", file) for file in files if _is_sqlite(file)]


def database_traces(databases: Collection[Database], participant: str, *, write: bool) -> Iterator[Trace]:
    """Yield the number of values with the participant's name in each table.

    If `write` is True, the values are cleaned and the databases vacuumed. Raises `StoreError` if a database cannot be
    read or written, for example because another process locks it.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    redactor = Redactor(participant)
    for database in databases:
        options = {"timeout": _BUSY_SECONDS} if database.file else {"connect_timeout": _BUSY_SECONDS}
        engine = create_engine(database.url, poolclass=NullPool, connect_args=options)
        try:
            counts = _clean(engine, redactor, write=write)
            remaining = 0 if any(counts.values()) else _left_in_file(database, redactor)
            if write and (any(counts.values()) or remaining):
                _vacuum(engine, database, [name for name, count in counts.items() if count])
        except DBAPIError as error:
            raise StoreError(
                f"{database.label} cannot be cleaned: {error.orig}. Stop the processes that use it (the Dagster UI, "
                "MLflow, a run) and erase again."
            ) from error
        for name, count in counts.items():
            if count:
                yield Trace(f"{database.label} {name}", "records", count, CLEANED)
        if remaining:
            yield Trace(database.label, "deleted records", remaining, VACUUMED)


def text_traces(folders: Collection[Path], participant: str, *, write: bool) -> Iterator[Trace]:
    """Yield text files with the participant's name under `folders`: captured output of runs, reports, artifacts."""
    redactor = Redactor(participant)
    for path in sorted({file for folder in folders if folder.is_dir() for file in folder.rglob("*")}):
        if path.is_symlink() or not path.is_file() or path.suffix.startswith(".db"):
            continue
        if path.stat().st_size > _LARGEST_TEXT:
            continue
        content = path.read_bytes()
        if not any(spelling.encode() in content for spelling in redactor.spellings):
            continue
        if (cleaned := redactor.clean_bytes(content)) == content:
            continue
        if write:
            _replace(path, cleaned)
        yield Trace(str(path), "text", 1, REWRITTEN)


def _clean(engine: "Engine", redactor: Redactor, *, write: bool) -> dict[str, int]:
    """Return the number of values with the name, by table. If `write` is True, they are replaced."""
    from sqlalchemy import MetaData

    schema = MetaData()
    schema.reflect(engine)
    with engine.begin() as connection:
        return {table.name: _clean_table(connection, table, redactor, write=write) for table in schema.sorted_tables}


def _clean_table(connection: "Connection", table: "Table", redactor: Redactor, *, write: bool) -> int:
    from sqlalchemy import select

    keys = list(table.primary_key.columns)
    count = 0
    for column in table.columns if keys else ():
        if (condition := _may_contain(column, redactor)) is None:
            continue
        for *key, stored in connection.execute(select(*keys, column).where(condition)).all():
            before = bytes(stored) if isinstance(stored, memoryview) else stored
            after = redactor.clean_bytes(before) if isinstance(before, bytes) else redactor.clean(before)
            if after == before:
                continue
            count += 1
            if write:
                matches = [part == value for part, value in zip(keys, key, strict=True)]
                connection.execute(table.update().where(*matches).values({column.name: after}))
    return count


def _may_contain(column: "Column[Any]", redactor: Redactor) -> Any:
    """Return an SQL condition that preselects rows of `column`; None if it is a key or has no text."""
    from sqlalchemy import LargeBinary, String, or_
    from sqlalchemy.dialects.postgresql import BYTEA

    name = column.name.lower()
    if column.primary_key or column.foreign_keys or any(name == key or name.endswith(f"_{key}") for key in _KEPT):
        return None
    if isinstance(column.type, LargeBinary | BYTEA):
        return column.is_not(None)
    if isinstance(column.type, String):
        return or_(*(column.contains(spelling, autoescape=True) for spelling in redactor.spellings))
    return None


def _left_in_file(database: Database, redactor: Redactor) -> int:
    """Count the occurrences of the name in a SQLite file whose tables no longer contain it."""
    if database.file is None:
        return 0
    wal = database.file.with_name(f"{database.file.name}-wal")
    content = b"".join(path.read_bytes() for path in (database.file, wal) if path.exists())
    name = redactor.name.encode()
    return content.count(name) if name in content and redactor.occurs_in(content.decode(errors="replace")) else 0


def _vacuum(engine: "Engine", database: Database, tables: Collection[str]) -> None:
    """Vacuum the database, so that the bytes of deleted values are overwritten or freed."""
    if database.file is not None:
        import sqlite3

        with closing(sqlite3.connect(database.file, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("VACUUM")
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(
                f"{database.label} is clean, but its write-ahead log is in use and may still contain the participant. "
                "Stop the processes that use it (the Dagster UI, MLflow, a run) and erase again."
            )
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        quote = engine.dialect.identifier_preparer.quote
        for name in tables:
            connection.exec_driver_sql(f"VACUUM (FULL) {quote(name)}")


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(16) == b"SQLite format 3\x00"


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.erasing")
    temporary.write_bytes(content)
    temporary.chmod(path.stat().st_mode)
    temporary.replace(path)
