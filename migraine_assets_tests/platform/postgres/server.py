"""A PostgreSQL server on loopback, with its own folder, for tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from migraine_assets_tests.support.ports import free_port

FOLDERS = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"))
USER = "migraine"


def program(name: str) -> str | None:
    """Return the path of a program of PostgreSQL, or None if it is not installed."""
    installed = (str(folder / name) for folder in FOLDERS if (folder / name).exists())
    return shutil.which(name) or next(installed, None)


def missing() -> str | None:
    """Return why no server can be started, or None if it can."""
    if program("initdb") is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.getuid() == 0 and not _user():
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


def _user() -> str | None:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@dataclass
class Postgres:
    """A server with a folder and a port, running or stopped."""

    folder: Path
    port: int

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", str(self.data), "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server: `fast` closes connections cleanly, `immediate` simulates a crash."""
        self._run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def query(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Execute a statement and return its rows, if any."""
        engine = create_engine(self.url(database), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def create(self, *databases: str) -> None:
        """Create empty databases."""
        for name in databases:
            self.query("postgres", f'CREATE DATABASE "{name}"')

    def _run(self, name: str, *arguments: str) -> None:
        user = {"user": _user(), "group": pwd.getpwnam(_user() or "").pw_gid, "extra_groups": []}
        subprocess.run(
            [str(program(name)), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            **(user if os.getuid() == 0 else {}),  # type: ignore[call-overload]
        )


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server, and stop it and delete its files at the end."""
    # Not in pytest's folders, which other users cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="migraine-postgres-"))
    server = Postgres(folder, free_port())
    try:
        if os.getuid() == 0:
            shutil.chown(folder, _user())
        server._run("initdb", "-D", str(server.data), "-A", "trust", "-U", USER, "--no-sync")
        server.start()
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
