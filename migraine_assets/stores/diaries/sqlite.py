"""The kept diaries in a SQLite file, which several processes of one machine share.

A commit is on the disk before it returns (WAL, synchronous=FULL), and deleted rows are overwritten (secure_delete).
SQLite is not safe on a network file system; use PostgreSQL there. Not here: the tables (`stores.diaries.schema`).
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from migraine_assets.errors import StoreError
from migraine_assets.stores.diaries.database import DiariesUnavailable, Row, Session
from migraine_assets.stores.file_modes import file_mode, make_folder
from migraine_assets.stores.locks import file_lock

BUSY_SECONDS = 10.0
# The cache, in KiB, holds the upper pages of the index of ten thousand diaries.
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -16384")


class SQLiteDatabase:
    """The database in the file `path`, which the first connection creates. Each thread has its own connection."""

    dialect: Mapping[str, str] = {"bytes": "BLOB", "clustered": " WITHOUT ROWID"}
    quick = True

    def __init__(self, path: Path) -> None:
        self.path, self.label = path, str(path)
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._opening, self._writing = threading.Lock(), threading.Lock()

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[Row]:
        """See `Session`."""
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def transaction(self, key: str) -> AbstractContextManager[Session]:  # noqa: ARG002 - one writer at a time
        """See `Database`. SQLite has one writer at a time; others wait up to `BUSY_SECONDS`."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        # The threads of a process take turns; SQLite lets those of other processes try again and again.
        with self._writing:
            self.execute("BEGIN IMMEDIATE")
            try:
                yield self
                self.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise

    def has_table(self, name: str) -> bool:
        """See `Database`."""
        return self.path.exists() and bool(
            self.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
        )

    def problem(self) -> str | None:
        """See `Database`."""
        answer = str(self.execute("PRAGMA integrity_check(1)")[0][0])
        return None if answer == "ok" else answer

    def snapshot(self) -> bytes:
        """Return a consistent copy of the database file, even while other processes write to it."""
        with closing(sqlite3.connect(":memory:")) as copy:
            self._connection.backup(copy)
            return copy.serialize()

    def purge(self, tables: Sequence[str]) -> None:  # noqa: ARG002 - the whole file
        """See `Database`. Raises `StoreError` if another process reads or writes for too long."""
        self.execute("VACUUM")
        busy = self.execute("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        if busy:
            raise DiariesUnavailable(
                f"{self.label} is clean, but its write-ahead log is in use and may still contain deleted rows. "
                "Stop the service and repeat the command."
            )

    def close(self) -> None:
        """See `Database`."""
        with self._opening:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        return connection

    def _connect(self) -> sqlite3.Connection:
        try:
            make_folder(self.path.parent)
            # Create the file here, because SQLite would use the umask. SQLite's other files get the mode of this file.
            # Never open an existing file beside SQLite: closing it would release SQLite's locks, and the next process
            # would delete the write-ahead log that this one uses.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, file_mode()))
        except OSError as error:
            raise DiariesUnavailable(f"{self.label} cannot be opened: {error.strerror or error}.") from error
        # If two processes switch to the write-ahead log at the same time, one of them fails.
        with self._opening, file_lock(self.path.with_name(f".{self.path.name}.lock")):
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            try:
                for pragma in PRAGMAS:
                    connection.execute(f"PRAGMA {pragma}")
            except sqlite3.Error:
                connection.close()
                raise
            self._open.append(connection)
            return connection

    def _explained(self, error: sqlite3.Error) -> StoreError:
        # The messages of SQLite quote neither statements nor values.
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            return StoreError(
                f"The database of diaries {self.label} cannot be used: {error}. Run `migraine doctor`, or restore it "
                "from a backup."
            )
        return DiariesUnavailable(
            f"The database of diaries {self.label} cannot be used now: {error}. Check the free space and the "
            "permissions of its folder."
        )
