"""`migraine migrate` creates the tables once, even concurrently, and does not change newer ones."""

import subprocess
from collections.abc import Mapping

import pytest

from migraine_assets_tests.platform.postgres.server import Postgres
from migraine_assets_tests.support.homes import COMMAND, Home

pytestmark = pytest.mark.slow


def _addresses(server: Postgres, name: str) -> dict[str, str]:
    return {
        "DAGSTER_POSTGRES_URL": server.url(f"{name}_dagster"),
        "MLFLOW_BACKEND_STORE_URI": server.url(f"{name}_mlflow"),
    }


def _tables(server: Postgres, database: str) -> set[object]:
    statement = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    return {row[0] for row in server.query(database, statement)}


def _start(home: Home, extra: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "migrate"], env=home.environment(extra), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture
def addresses(server: Postgres, request: pytest.FixtureRequest) -> dict[str, str]:
    """Two empty databases for this test."""
    name = request.node.name.removeprefix("test_")[:40]
    server.create(f"{name}_dagster", f"{name}_mlflow")
    return _addresses(server, name)


def test_concurrent_migrations_create_the_tables_once(home: Home, server: Postgres, addresses: dict[str, str]) -> None:
    """All pods of a release start with it at the same time."""
    processes = [_start(home, addresses) for _ in range(4)]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, outputs
    assert _tables(server, addresses["DAGSTER_POSTGRES_URL"].rpartition("/")[2]) >= {"runs", "event_logs", "jobs"}
    mlflow = addresses["MLFLOW_BACKEND_STORE_URI"].rpartition("/")[2]
    # The artifacts of the first experiment also go through the server.
    assert server.query(mlflow, "SELECT artifact_location FROM experiments") == [("mlflow-artifacts:/0",)]


def test_newer_tables_are_not_changed(home: Home, server: Postgres, addresses: dict[str, str]) -> None:
    """After a downgrade, the older version uses them as far as they are compatible."""
    assert home.process("migrate", extra=addresses).code == 0
    for address in addresses.values():
        server.query(address.rpartition("/")[2], "UPDATE alembic_version SET version_num = 'f00d'")
    done = home.process("migrate", extra=addresses)
    assert done.code == 0, done.text
    assert done.text.count("newer version") == 2
    for address in addresses.values():
        assert server.query(address.rpartition("/")[2], "SELECT version_num FROM alembic_version") == [("f00d",)]


def test_it_waits_for_a_server_that_is_still_starting(home: Home, addresses: dict[str, str], server: Postgres) -> None:
    server.stop()
    try:
        process = _start(home, addresses)
        assert process.stdout is not None
        assert "Waiting for the database" in process.stdout.readline()
        assert process.poll() is None
    finally:
        server.start()
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output


def test_an_unreachable_server_is_explained_without_the_password(home: Home) -> None:
    extra = {"DAGSTER_POSTGRES_URL": "postgresql://me:hunter22@127.0.0.1:9/dagster"}
    done = home.migraine("doctor", extra=extra)
    assert done.code == 2
    assert "127.0.0.1:9/dagster" in done.text
    assert "hunter22" not in done.text
    assert "Check that PostgreSQL runs" in " ".join(done.text.split())


@pytest.mark.parametrize(
    "address", ["hunter22", "mysql://me:hunter22@127.0.0.1/x", "postgresql://me:hunter22@host:port/x"]
)
def test_an_invalid_address_is_explained_without_the_password(home: Home, address: str) -> None:
    done = home.migraine("history", extra={"DAGSTER_POSTGRES_URL": address})
    assert done.code == 0, "commands that need no database still work"
    done = home.migraine("migrate", "dagster", extra={"DAGSTER_POSTGRES_URL": address})
    assert done.code == 2, done.text
    assert "hunter22" not in done.text
    assert "postgresql://" in done.text


def test_without_a_server_the_files_of_the_home_are_created(home: Home) -> None:
    done = home.migraine("migrate")
    assert done.code == 0, done.text
    assert (home.root / "mlflow.db").exists()
    assert (home.root / "dagster" / "dagster.yaml").exists()


def test_an_unknown_database_is_refused(home: Home) -> None:
    done = home.migraine("migrate", "ray")
    assert done.code == 2
    assert "dagster, mlflow, diaries" in done.text
