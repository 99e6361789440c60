"""The interface of a database for kept diaries, and the choice between SQLite and PostgreSQL.

Both execute the same SQL, with `?` for parameters. Not here: connections (`stores.diaries.sqlite`,
`stores.diaries.postgres`), the tables (`stores.diaries.schema`).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from migraine_assets.errors import ConfigurationError, StoreError

FILE = "diaries.db"
Row = tuple[Any, ...]


class DiariesUnavailable(StoreError):
    """The database does not respond, is locked for too long, or its disk is full. A repeated request may succeed."""


class Session(Protocol):
    """An object that executes SQL statements."""

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Execute `statement` and return its rows, if any. Raises `StoreError` if it fails."""


class Database(Session, Protocol):
    """A database, which all threads may use.

    `label`: its name in messages, without user and password. `dialect`: the words in which its SQL differs. `quick`:
    whether a small read is fast enough to run in an event loop.
    """

    label: str
    dialect: Mapping[str, str]
    quick: bool

    def transaction(self, key: str) -> AbstractContextManager[Session]:
        """Run this block as a transaction. Transactions with the same `key` never run at the same time, in any process.

        At the end of the block, the transaction is committed and on the disk; after an error, it is rolled back. Raises
        `StoreError` if the database fails.
        """

    def has_table(self, name: str) -> bool:
        """Return whether the table `name` exists. A missing file is not created."""

    def problem(self) -> str | None:
        """Return a description of the damage of the database's files, or None."""

    def purge(self, tables: Sequence[str]) -> None:
        """Free the space of deleted rows of `tables`, so that their bytes are removed from the files."""

    def close(self) -> None:
        """Close the connections of all threads."""


def open_database(url: str | None, *, home: Path) -> Database:
    """Return the database at `url`, or the file `diaries.db` under `home` if `url` is None. This does not connect.

    Raises `ConfigurationError` for any other kind of address.
    """
    if url is None:
        from migraine_assets.stores.diaries.sqlite import SQLiteDatabase

        return SQLiteDatabase(home / FILE)
    scheme = url.partition("://")[0]
    if scheme in ("postgresql", "postgres"):
        from migraine_assets.stores.diaries.postgres import PostgresDatabase

        return PostgresDatabase(url, label=_label(url))
    if scheme == "sqlite" and url.startswith("sqlite:///"):
        from migraine_assets.stores.diaries.sqlite import SQLiteDatabase

        path = Path(url.removeprefix("sqlite:///"))
        if not path.is_absolute():
            raise ConfigurationError(
                "SERVING_DIARY_URL has the relative path of a SQLite file, which depends on the folder in which a "
                "process starts. Write sqlite:////folder/diaries.db."
            )
        return SQLiteDatabase(path)
    raise ConfigurationError(
        "SERVING_DIARY_URL is not the address of a database. Write it as postgresql://user:password@host:5432/name, or "
        f"leave it out to keep the diaries in the file {FILE} under MIGRAINE_HOME."
    )


def _label(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    except ValueError as error:
        raise ConfigurationError(
            "SERVING_DIARY_URL is malformed. Percent-encode characters other than A-Z, a-z, 0-9 in user and password."
        ) from error
