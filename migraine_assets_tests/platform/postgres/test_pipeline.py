"""The pipeline with Dagster's and MLflow's records in PostgreSQL, and a server that crashes during a run."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest

from migraine_assets_tests.platform.postgres.server import Postgres
from migraine_assets_tests.support.homes import COMMAND, Home, assert_sound
from migraine_assets_tests.support.small_diary import write_diary
from migraine_assets_tests.support.waiting import eventually
from serving.cluster.ray_environment import free_ports

pytestmark = pytest.mark.slow

PATIENCE = 300
QUERY = """{
  runsOrError { ... on Runs { results { status } } }
  instance { daemonHealth { allDaemonStatuses { healthy required } } }
}"""


@pytest.fixture(scope="module")
def addresses(server: Postgres) -> dict[str, str]:
    """Two databases, initially empty."""
    server.create("pipeline_dagster", "pipeline_mlflow")
    return {
        "DAGSTER_POSTGRES_URL": server.url("pipeline_dagster"),
        "MIGRAINE_MLFLOW_TRACKING_URI": server.url("pipeline_mlflow"),
    }


@pytest.fixture(scope="module")
def used(addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after its first run."""
    home = Home.make(tmp_path_factory.mktemp("postgres"))
    write_diary(home.landing / "diary.csv")
    done = home.process("run", extra=addresses)
    assert done.code == 0, done.text
    return home


def test_all_records_are_in_postgresql(used: Home, server: Postgres) -> None:
    assert server.query("pipeline_dagster", "SELECT pipeline_name, status FROM runs") == [("full_pipeline", "SUCCESS")]
    assert server.query("pipeline_mlflow", "SELECT count(*) FROM runs WHERE status = 'FINISHED'") == [(24,)]
    assert server.query("pipeline_mlflow", "SELECT DISTINCT alias FROM registered_model_aliases ORDER BY 1") == [
        ("challenger",),
        ("champion",),
    ]
    assert [path for path in used.root.rglob("*.db*") if path.is_file()] == []


def test_the_doctor_names_the_databases(used: Home, addresses: dict[str, str], server: Postgres) -> None:
    done = used.migraine("doctor", extra=addresses)
    assert done.code == 0, done.text
    assert f"127.0.0.1:{server.port}/pipeline_dagster" in done.text
    assert f"127.0.0.1:{server.port}/pipeline_mlflow" in done.text


def test_the_server_crashes_during_a_run(used: Home, addresses: dict[str, str], server: Postgres) -> None:
    """The run fails with a message, the champions stay, and the next run continues."""
    before = used.pointer
    write_diary(used.landing / "diary.csv", 2)
    process = _start(used, addresses)
    assert process.stdout is not None
    for line in process.stdout:
        if "classifiers/logistic_regression" in line:
            break
    server.stop("immediate")
    try:
        output = process.communicate(timeout=PATIENCE)[0]
    finally:
        server.start()
    assert process.returncode == 1, output
    assert "cannot write its records to PostgreSQL" in output
    assert "bug in the platform" not in output
    assert_sound(used)
    assert used.pointer == before

    done = used.process("run", extra=addresses)
    assert done.code == 0, done.text
    assert "cached model" in done.text
    statuses = server.query("pipeline_dagster", "SELECT DISTINCT status FROM runs")
    assert {row[0] for row in statuses} == {"SUCCESS", "FAILURE"}


def _start(home: Home, extra: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "run"],
        env=home.environment(extra),
        cwd=home.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _ask(port: int) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": QUERY}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        data: dict[str, object] = json.load(answer)["data"]
        return data


def test_the_ui_shows_the_records_in_postgresql(used: Home, addresses: dict[str, str], tmp_path: Path) -> None:
    """The health of the daemon is also read from the database."""
    port, tracking = free_ports(2)
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*COMMAND, "ui", "--port", str(port), "--mlflow-port", str(tracking)],
            env=used.environment(addresses),
            cwd=used.root,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        assert eventually(lambda: _healthy(port), patience=PATIENCE), log.read_text()
        data = _ask(port)
        statuses = {run["status"] for run in data["runsOrError"]["results"]}  # type: ignore[index]
        assert statuses == {"SUCCESS", "FAILURE"}
    finally:
        process.terminate()
        process.wait(timeout=60)


def _healthy(port: int) -> bool:
    try:
        data = _ask(port)
    except OSError:
        return False
    daemons = data["instance"]["daemonHealth"]["allDaemonStatuses"]  # type: ignore[index]
    return all(daemon["healthy"] for daemon in daemons if daemon["required"])
