"""The kept diaries in PostgreSQL, which the replicas of several machines share.

Not here: the tables (`stores.diaries.schema`), the databases of Dagster and MLflow (`cli.dagster.postgres`).
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.diaries.database import DiariesUnavailable, Row, Session

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 10_000
# Without keepalives, a silently dropped connection would be noticed only after hours.
_OPTIONS = {
    "connect_timeout": CONNECT_SECONDS, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "application_name": "migraine diaries",
}  # fmt: skip

T = TypeVar("T")


class PostgresDatabase:
    """The database at `url`. Each thread has its own connection, which is replaced when it is lost."""

    dialect: Mapping[str, str] = {"bytes": "BYTEA", "clustered": ""}
    quick = False

    def __init__(self, url: str, *, label: str) -> None:
        self.label, self._url = label, url
        self._local = threading.local()
        self._open: list[psycopg.Connection[Any]] = []
        self._opening = threading.Lock()

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
        """See `Session`."""
        return self._again(lambda connection: _execute(connection, statement, parameters))

    @contextmanager
    def transaction(self, key: str) -> Iterator[Session]:
        """See `Database`."""
        # This statement detects and replaces a lost connection before the transaction begins.
        self._again(lambda connection: _execute(connection, "SELECT 1", ()))
        connection = self._connection
        with self._explaining(), connection.transaction():
            session = _Session(connection)
            session.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (f"migraine diaries {key}",))
            yield session

    def has_table(self, name: str) -> bool:
        """See `Database`."""
        return self.execute("SELECT to_regclass(?)", (name,))[0][0] is not None

    def problem(self) -> str | None:
        """See `Database`. None, because PostgreSQL checks its pages itself."""
        return None

    def purge(self, tables: Sequence[str]) -> None:
        """See `Database`."""
        for table in tables:
            self.execute("SET statement_timeout = 0")
            self.execute(f"VACUUM (FULL) {table}")

    def close(self) -> None:
        """See `Database`."""
        with self._opening:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _again(self, work: Callable[["psycopg.Connection[Any]"], T]) -> T:
        """Call `work`, and repeat it once with a new connection if the old one was lost."""
        with self._explaining():
            connection = self._connection
            try:
                return work(connection)
            except _driver().OperationalError:
                if not connection.closed and not connection.broken:
                    raise
            self._forget(connection)
            return work(self._connection)

    @property
    def _connection(self) -> "psycopg.Connection[Any]":
        connection: psycopg.Connection[Any] | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = self._local.connection = self._connect()
        return connection

    def _connect(self) -> "psycopg.Connection[Any]":
        options: dict[str, Any] = {**_OPTIONS, "options": f"-c statement_timeout={STATEMENT_MILLISECONDS}"}
        connection: psycopg.Connection[Any] = _driver().connect(self._url, autocommit=True, **options)
        with self._opening:
            self._open.append(connection)
        return connection

    def _forget(self, connection: "psycopg.Connection[Any]") -> None:
        with self._opening, suppress(ValueError):
            self._open.remove(connection)
        connection.close()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        driver = _driver()
        try:
            yield
        except driver.OperationalError as error:
            raise DiariesUnavailable(
                f"The database of diaries {self.label} cannot be used now: {_reason(error)}. Check that PostgreSQL "
                "runs, and SERVING_DIARY_URL."
            ) from error
        except driver.Error as error:
            raise StoreError(f"The database of diaries {self.label} refused a statement: {_reason(error)}.") from error


class _Session:
    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
        """See `Session`."""
        return _execute(self._connection, statement, parameters)


def _execute(connection: "psycopg.Connection[Any]", statement: str, parameters: Sequence[object]) -> list[Row]:
    cursor = connection.execute(_placeholders(statement), parameters or None, binary=True)
    return cursor.fetchall() if cursor.description else []


@lru_cache(maxsize=128)
def _placeholders(statement: str) -> Any:
    return statement.replace("?", "%s")


def _reason(error: Exception) -> str:
    # The detail fields of PostgreSQL's errors quote values.
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    return " ".join(str(primary or error).split()).rstrip(".")


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise ConfigurationError(
            "SERVING_DIARY_URL names a PostgreSQL database, and the package psycopg is not installed. "
            "Run pip install 'psycopg[binary]'."
        ) from error
    return psycopg
