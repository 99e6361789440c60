"""Access to a PostgreSQL database with tables of Dagster or MLflow: waiting for it and locking its schema.

Not here: the tables (`cli.commands.migrate`, `stores.tracking.database`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migraine_assets.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Key of the advisory lock: arbitrary, but the same for every process that changes tables of this platform.
LOCK = 7_302_114_650_118
CONNECT_SECONDS = 5
RETRY_SECONDS = 2.0


def is_postgres(url: str) -> bool:
    """Return True if `url` is the address of a PostgreSQL database."""
    return url.split("://", 1)[0].split("+", 1)[0] == "postgresql"


def database_label(url: str) -> str:
    """Return `host:port/name` of `url`, without user and password. Raises `ConfigurationError` if it is malformed."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        if not is_postgres(url):
            raise ValueError("not a PostgreSQL address")
        parts = make_url(url)
        return f"{parts.host or 'localhost'}:{parts.port or 5432}/{parts.database or ''}"
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "A database address is malformed. Write it as postgresql://user:password@host:5432/name, and "
            "percent-encode characters other than A-Z, a-z, 0-9 in user and password."
        ) from error


def wait_for_database(url: str, *, timeout: float = 0.0, say: Callable[[str], object] = lambda _: None) -> None:
    """Wait until the database answers. Raises `StoreError` if it does not within `timeout` seconds."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    deadline, announced = time.monotonic() + timeout, False
    while True:
        try:
            with _engine(url).connect() as connection:
                connection.execute(text("SELECT 1"))
                return
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            if time.monotonic() >= deadline:
                raise StoreError(
                    f"The database {database_label(url)} cannot be used: {reason}. Check that PostgreSQL runs, that "
                    "the database exists, and the address with its user and password."
                ) from error
            if not announced:
                say(f"Waiting for the database {database_label(url)}: {reason}")
                announced = True
        time.sleep(RETRY_SECONDS)


@contextmanager
def schema_lock(url: str) -> Iterator[None]:
    """Hold the lock on the tables of this database in this block. It is released if the process is killed."""
    from sqlalchemy import text

    wait_for_database(url)
    with _engine(url).connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        try:
            yield
        finally:
            # Closing the connection would release the lock too, but a connection pooler might keep it open.
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    database_label(url)  # raises for a malformed address before SQLAlchemy does
    return create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": CONNECT_SECONDS}
    )
