"""PostgreSQL as a place for tables: is it there, and who may change its tables now.

Here belong waiting, locking and the sentence when it does not answer. Not here: whose tables they are
(`cli.commands.migrate`, `tracking_database`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migraine_assets.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Any number, the same for everybody who makes tables of this platform.
LOCK = 7_302_114_650_118
CONNECT_SECONDS = 5
AGAIN_SECONDS = 2.0


def is_postgres(url: str) -> bool:
    """Whether `url` names a PostgreSQL."""
    return url.split("://", 1)[0].split("+", 1)[0] == "postgresql"


def place(url: str) -> str:
    """`host:port/name` of an address, without user and password. Raises `ConfigurationError` for no address."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        if not is_postgres(url):
            raise ValueError("not a PostgreSQL")
        parts = make_url(url)
        return f"{parts.host or 'localhost'}:{parts.port or 5432}/{parts.database or ''}"
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "The address of a database cannot be read. Write it as postgresql://user:password@host:5432/name, with "
            "letters other than A-Z, a-z, 0-9 in user and password as %XX."
        ) from error


def wait(url: str, *, patience: float = 0.0, say: Callable[[str], object] = lambda _: None) -> None:
    """Return when the database answers. Raises `StoreError` where it has not within `patience` seconds."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    end, told = time.monotonic() + patience, False
    while True:
        try:
            with _engine(url).connect() as connection:
                connection.execute(text("SELECT 1"))
                return
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            if time.monotonic() >= end:
                raise StoreError(
                    f"The database {place(url)} cannot be used: {reason}. Check that PostgreSQL runs, that the "
                    "database exists, and the address with its user and password."
                ) from error
            if not told:
                say(f"Waiting for the database {place(url)}: {reason}")
                told = True
        time.sleep(AGAIN_SECONDS)


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Within: nobody else who asks here changes the tables of this database. A killed process holds nothing."""
    from sqlalchemy import text

    wait(url)
    with _engine(url).connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        try:
            yield
        finally:
            # With the connection the lock would go too; a pooler between might keep the connection.
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    place(url)
    return create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": CONNECT_SECONDS}
    )
