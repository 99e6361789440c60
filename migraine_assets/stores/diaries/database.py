"""What the kept diaries need of a database, and the choice between the two that there are.

SQL is written once, with `?` for parameters. Not here: how each database connects (`stores.diaries.sqlite`,
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
    """The database does not answer, is locked for too long, or its disk is full. Repeating the request may work."""


class Session(Protocol):
    """What executes a statement."""

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Execute `statement` and return its rows, if any. Raises `StoreError`."""


class Database(Session, Protocol):
    """A database. `label`: how messages call it, without user and password. `dialect`: words of its SQL.

    `quick`: whether a small read takes so little time that it may run in an event loop. Every thread may use it.
    """

    label: str
    dialect: Mapping[str, str]
    quick: bool

    def transaction(self, key: str) -> AbstractContextManager[Session]:
        """A transaction: no two with the same `key` run at once, in any process. It is committed, and on the disk,
        when the block ends without an error. Raises `StoreError`.
        """

    def has_table(self, name: str) -> bool:
        """Whether the table `name` exists. A file that does not exist is not created."""

    def problem(self) -> str | None:
        """What is wrong with the files of the database, or None."""

    def purge(self, tables: Sequence[str]) -> None:
        """Give back the space of deleted rows of `tables`, so that their bytes are gone."""

    def close(self) -> None:
        """Close the connections of all threads."""


def open_database(url: str | None, *, home: Path) -> Database:
    """The database at `url`, or the file `diaries.db` under `home` without one. Nothing is connected yet.

    Raises `ConfigurationError` for an address of another kind.
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

        return SQLiteDatabase(Path(url.removeprefix("sqlite:///")))
    raise ConfigurationError(
        "SERVING_DIARY_URL is no address of a database. Write it as postgresql://user:password@host:5432/name, or "
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
