"""Runs and registered models in MLflow, and an unavailable server; with real stores and a real server on loopback."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.bundles.onnx_session import open_session, run_session
from migraine_assets.stores.tracking.experiments import EXPERIMENTS, DatasetInfo, Tracker, TrackingUnavailable, attempt

NAMES = ("sleep_hours", "stress_level", "attacks_28d")
ROWS = np.array([[7.1, 3, 0], [4.3, 9, 6], [np.nan, 5, 2]], dtype=np.float32)


def graph(*, bias: float = 0.0, output: str = "probability") -> bytes:
    """Return a logistic regression in ONNX that replaces nulls by zero."""
    weights = np.array([[-0.2], [0.3], [0.1]], dtype=np.float32)
    nodes = [
        helper.make_node("IsNaN", ["features"], ["null"]),
        helper.make_node("Where", ["null", "zero", "features"], ["filled"]),
        helper.make_node("MatMul", ["filled", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], [output]),
    ]
    constants = [
        helper.make_tensor("weights", TensorProto.FLOAT, [3, 1], weights.ravel()),
        helper.make_tensor("bias", TensorProto.FLOAT, [1], [bias]),
        helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
    ]
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 3])]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, 1])]
    model = helper.make_model(
        helper.make_graph(nodes, "model", inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    model.ir_version = 9
    content: bytes = model.SerializeToString()
    return content


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared database. MLflow takes seconds to create one, so most tests start from a copy."""
    folder = tmp_path_factory.mktemp("mlflow")
    Tracker(f"sqlite:///{folder}/mlflow.db", experiment="other").prepare()
    return folder


@pytest.fixture
def home(empty_database: Path, tmp_path: Path) -> Path:
    shutil.copytree(empty_database, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def tracker(home: Path) -> Tracker:
    return Tracker(f"sqlite:///{home}/mlflow.db")


def client(tracker: Tracker) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracker.connection.uri, tracker.connection.uri)


def python(script: str, *args: str, cwd: Path) -> str:
    """Return the output of a new process that gets only its arguments."""
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-c", script, *args]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd, env=env).stdout


def test_a_dagster_run_has_one_parent_with_both_tags(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "full_pipeline")
    assert tracker.parent_run("run-1", "full_pipeline") == parent
    assert tracker.parent_run("run-2", "full_pipeline") != parent
    run = client(tracker).get_run(parent)
    assert run.info.run_name == "full_pipeline"
    assert (run.data.tags["dagster_run_id"], run.data.tags["dagster.run_id"]) == ("run-1", "run-1")


def test_each_task_has_an_experiment_of_classic_runs(tracker: Tracker) -> None:
    """Without its kind, MLflow shows an experiment as one with traces of language models."""
    parents = {task: tracker.of(task).parent_run("run-1", "full_pipeline") for task in EXPERIMENTS}
    assert parents["attack"] != parents["severity"]
    for task, parent in parents.items():
        experiment = client(tracker).get_experiment(client(tracker).get_run(parent).info.experiment_id)
        assert experiment.name == f"migraine-{task}"
        assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
        assert experiment.tags["mlflow.note.content"]
        assert tracker.of(task).running_parents() == {"run-1": parent}


def test_a_model_is_a_finished_child_with_everything_that_was_logged(tracker: Tracker, tmp_path: Path) -> None:
    (tmp_path / "roc.png").write_bytes(b"png")
    parent = tracker.parent_run("run-1", "full_pipeline")
    child = tracker.log_model_run(
        parent,
        "classifiers/knn",
        params={"neighbors": 5, "weights": "distance", "grid": {"p": [1, 2]}, "long": "x" * 9000},
        metrics={"test.roc_auc": 0.7, "test.brier": None, "test.slope": float("nan")},
        artifacts={"figures/roc.png": tmp_path / "roc.png", "card.md": "# KNN", "raw.bin": b"\x00"},
        dataset=DatasetInfo("features", "ab" * 32, "synthetic", 12, (("sleep_hours", "double"),)),
        tags={"bundle_hash": "cd"},
    )
    run = client(tracker).get_run(child)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"test.roc_auc": 0.7}
    assert {**run.data.params, "long": ""} == {
        "neighbors": "5", "weights": "distance", "grid": '{"p": [1, 2]}', "long": ""
    }  # fmt: skip
    tags = run.data.tags
    assert (tags["mlflow.parentRunId"], tags["dagster.run_id"], tags["bundle_hash"]) == (parent, "run-1", "cd")
    assert "dagster_run_id" not in tags
    logged = run.inputs.dataset_inputs[0]
    assert (logged.dataset.name, logged.dataset.digest) == ("features", ("ab" * 32)[:36])
    assert json.loads(logged.dataset.source)["version"] == "ab" * 32
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    assert (folder / "figures/roc.png").read_bytes() == b"png"
    assert (folder / "card.md").read_text() == "# KNN"


def test_artifacts_lie_beside_the_database_and_not_in_the_working_directory(
    tracker: Tracker, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    tracker.log(tracker.parent_run("run-1", "job"), artifacts={"report.html": "<html>"})
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert len(list((home / "mlartifacts").rglob("report.html"))) == 1
    locations = [experiment.artifact_location for experiment in client(tracker).search_experiments()]
    assert all(location.startswith((home.as_uri(), "file:///")) for location in locations)
    assert not any("elsewhere" in location or "mlruns" in location for location in locations)


def test_a_model_that_failed_is_a_failed_child(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "job")
    child = tracker.log_model_run(parent, "classifiers/svm", tags={"error": "singular"}, failed=True)
    assert client(tracker).get_run(child).info.status == "FAILED"
    assert client(tracker).get_run(parent).info.status == "RUNNING"


def test_a_repeated_step_finds_its_child_and_a_changed_one_makes_another(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "job")
    first = tracker.log_model_run(parent, "knn", params={"k": 5}, tags={"bundle_hash": "a"})
    assert tracker.log_model_run(parent, "knn", params={"k": 5}, tags={"bundle_hash": "a"}) == first
    assert tracker.log_model_run(parent, "knn", params={"k": 7}, tags={"bundle_hash": "b"}) != first
    assert tracker.log_model_run(parent, "svm", tags={"bundle_hash": "a"}) != first


def test_two_models_may_log_the_same_parameter(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "job")
    runs = [tracker.log_model_run(parent, name, params={"alpha": name}) for name in ("ridge", "lasso")]
    assert [client(tracker).get_run(run).data.params["alpha"] for run in runs] == ["ridge", "lasso"]


def test_more_than_mlflow_takes_in_one_call(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "job")
    tracker.log(parent, params={f"p{n}": n for n in range(250)}, metrics={f"m{n}": n for n in range(1100)})
    data = client(tracker).get_run(parent).data
    assert (len(data.params), len(data.metrics)) == (250, 1100)


def test_finishing_ends_the_parent_and_children_of_killed_processes(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "job")
    child = tracker.log_model_run(parent, "knn")
    orphan = client(tracker).create_run(tracker.prepare(), tags={"mlflow.parentRunId": parent}).info.run_id
    other = tracker.parent_run("run-2", "job")
    assert tracker.running_parents() == {"run-1": parent, "run-2": other}
    tracker.finish(parent)
    tracker.finish(other, failed=True)
    assert tracker.running_parents() == {}
    ended = [client(tracker).get_run(run).info.status for run in (parent, child, orphan, other)]
    assert ended == ["FINISHED", "FINISHED", "KILLED", "FAILED"]


def register(tracker: Tracker, bundle: str, *, bias: float = 0.0) -> str:
    return tracker.models.register(
        "attack", model=graph(bias=bias), features=NAMES, output="probability", bundle_hash=bundle,
        run_id=tracker.parent_run("run-1", "job"), example=dict(zip(NAMES, (7.5, 4.0, 2.0), strict=True)),
        description="A logistic regression.", tags={"algorithm": "logistic_regression"},
    )  # fmt: skip


def test_a_bundle_is_registered_once_and_the_aliases_follow(tracker: Tracker) -> None:
    first, second = register(tracker, "a" * 64), register(tracker, "b" * 64)
    assert register(tracker, "a" * 64) == first
    tracker.models.point("attack", champion="a" * 64, challenger="b" * 64)
    known = client(tracker)
    assert known.get_model_version_by_alias("migraine-attack", "champion").version == int(first)
    assert known.get_model_version_by_alias("migraine-attack", "challenger").version == int(second)
    tracker.models.point("attack", champion="b" * 64)
    assert known.get_registered_model("migraine-attack").aliases == {"champion": int(second)}
    assert known.get_model_version("migraine-attack", first).tags["algorithm"] == "logistic_regression"
    assert len(known.search_model_versions("name = 'migraine-attack'")) == 2


def test_an_alias_never_moves_to_a_bundle_that_was_not_registered(tracker: Tracker) -> None:
    first = register(tracker, "a" * 64)
    tracker.models.point("attack", champion="a" * 64)
    with pytest.raises(TrackingUnavailable, match="no version"):
        tracker.models.point("attack", champion="c" * 64)
    assert client(tracker).get_model_version_by_alias("migraine-attack", "champion").version == int(first)


LOADING = """
import json, sys
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/migraine-attack@champion")
frame = pandas.DataFrame(json.loads(sys.argv[2]))
answers = [model.predict(frame), model.predict(frame[frame.columns[::-1]]), model.predict(frame.astype("float32"))]
print(json.dumps([[list(answer.columns), answer["probability"].tolist()] for answer in answers]))
"""


def loaded_elsewhere(uri: str, cwd: Path) -> list[Any]:
    frame = {name: [None if np.isnan(v) else float(v) for v in ROWS[:, at]] for at, name in enumerate(NAMES)}
    answers: list[Any] = json.loads(python(LOADING, uri, json.dumps(frame), cwd=cwd))
    return answers


def as_bundle(model: bytes) -> list[float]:
    session = open_session(model, width=3, output="probability")
    answer: list[float] = run_session(session, ROWS).tolist()
    return answer


def test_a_client_of_mlflow_gets_what_the_bundle_returns(tracker: Tracker, tmp_path: Path) -> None:
    """The bits are equal for columns in any order, for doubles and single floats, and for nulls."""
    register(tracker, "a" * 64, bias=-1.5)
    tracker.models.point("attack", champion="a" * 64)
    expected = as_bundle(graph(bias=-1.5))
    assert loaded_elsewhere(tracker.connection.uri, tmp_path) == [[["probability"], expected]] * 3


def test_a_version_has_signature_description_and_the_given_example(tracker: Tracker, home: Path) -> None:
    version = register(tracker, "a" * 64)
    stored = {path.name: path for path in (home / "mlartifacts").rglob("*") if path.is_file()}
    assert set(stored) == {
        "MLmodel", "model.onnx", "conda.yaml", "python_env.yaml", "requirements.txt", "input_example.json",
        "serving_input_example.json",
    }  # fmt: skip
    example = json.loads(stored["input_example.json"].read_text())
    assert (example["columns"], example["data"]) == (list(NAMES), [[7.5, 4.0, 2.0]])
    assert "probability" in stored["MLmodel"].read_text()
    assert client(tracker).get_model_version("migraine-attack", version).description == "A logistic regression."
    assert "champion" in client(tracker).get_registered_model("migraine-attack").description
    (model,) = (home / "mlartifacts").rglob("model.onnx")
    assert onnx.load(model).graph == onnx.load_model_from_string(graph()).graph


CONCURRENT = """
import sys
from migraine_assets.stores.tracking.experiments import Tracker
tracker = Tracker(sys.argv[1])
parent = tracker.parent_run("run-1", "job")
tracker.log_model_run(parent, sys.argv[2])
print(parent)
"""


def start(uri: str, name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", CONCURRENT, uri, name], stdout=subprocess.PIPE, text=True)


def kill_while_it_creates_the_database(uri: str, half: Path) -> None:
    with start(uri, "killed") as process:
        while process.poll() is None and not (half.exists() and half.stat().st_size > 0):
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def test_a_new_store_survives_a_kill_and_two_processes_share_one_parent(tmp_path: Path) -> None:
    """By default MLflow leaves a half-migrated file that cannot be repaired, and two processes clash."""
    uri, half = f"sqlite:///{tmp_path}/new/mlflow.db", tmp_path / "new" / ".mlflow.db.new"
    kill_while_it_creates_the_database(uri, half)
    assert not (tmp_path / "new" / "mlflow.db").exists()
    processes = [start(uri, "knn"), start(uri, "svm")]
    parents = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert parents[0] == parents[1] != ""
    assert not half.exists()
    tracker = Tracker(uri)
    runs = client(tracker).search_runs([tracker.prepare()])
    assert sorted(run.info.run_name for run in runs) == ["job", "knn", "svm"]


def test_an_older_database_is_upgraded_and_the_old_one_kept(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    older = create_older_database(database)
    assert Tracker(f"sqlite:///{database}").parent_run("run-1", "job")
    assert revision(tmp_path / "mlflow.db.before-upgrade") == older != revision(database)
    assert not (tmp_path / ".mlflow.db.new").exists()


def test_a_database_that_is_up_to_date_is_not_replaced(home: Path) -> None:
    """A UI that has the file open would show the old file forever."""
    before = (home / "mlflow.db").stat().st_ino
    (home / ".mlflow.db.prepared").unlink()
    assert Tracker(f"sqlite:///{home}/mlflow.db").parent_run("run-1", "job")
    assert (home / "mlflow.db").stat().st_ino == before
    assert not (home / "mlflow.db.before-upgrade").exists()


def create_older_database(database: Path) -> str:
    """Create a database with all migrations of MLflow except the last. Returns its revision."""
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{database}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads-1")
    engine.dispose()
    return revision(database)


def revision(database: Path) -> str:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("select version_num from alembic_version").fetchone()[0])


def dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_an_unavailable_store_is_contacted_once_and_stops_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    address = dead_address()
    tracker = Tracker(f"{scheme}://user:secret@{address}/x", artifact_root="s3://bucket/x")
    warnings: list[str] = []
    assert attempt(lambda: tracker.parent_run("run-1", "job"), warn=warnings.append) is None
    assert address in warnings[0]
    assert "secret" not in warnings[0]
    # After this line, the store is not contacted.
    monkeypatch.setattr(socket, "create_connection", None)
    assert attempt(lambda: tracker.log("x", params={"a": 1}), warn=warnings.append) is None
    assert warnings[1] == warnings[0]


def test_a_refused_request_is_reported_and_later_ones_are_sent(tracker: Tracker) -> None:
    parent = tracker.parent_run("run-1", "job")
    tracker.log(parent, params={"alpha": 1})
    with pytest.raises(TrackingUnavailable, match="alpha"):
        tracker.log(parent, params={"alpha": 2})
    tracker.log(parent, params={"beta": 1})


@pytest.mark.parametrize("uri", ["mlruns", "file:///x/mlruns", "ftp://x", ""])
def test_an_invalid_tracking_uri_is_refused(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a tracking URI"):
        Tracker(uri)


def test_a_database_server_needs_an_artifact_root() -> None:
    with pytest.raises(ConfigurationError, match="artifact root"):
        Tracker("postgresql://u:secret@host/mlflow")


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    """Yield a real `mlflow server` on loopback with its own database."""
    address = dead_address()
    host, port = address.split(":")
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", host, "--port", port, "--workers", "1",
        "--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "served"),
    ]  # fmt: skip
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    running = subprocess.Popen(
        command, cwd=home, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for(f"http://{address}/health", running)
        yield f"http://{address}"
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait()


def wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    while running.poll() is None:
        try:
            with urllib.request.urlopen(url) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("mlflow server did not start")


def test_a_server_keeps_runs_and_models_for_clients(server: str, home: Path, tmp_path: Path) -> None:
    tracker = Tracker(server)
    parent = tracker.parent_run("run-1", "job")
    assert Tracker(server).parent_run("run-1", "job") == parent
    child = tracker.log_model_run(parent, "knn", metrics={"auc": 0.7}, artifacts={"card.md": "# KNN"})
    assert client(tracker).get_run(child).data.metrics == {"auc": 0.7}
    register(tracker, "a" * 64, bias=0.25)
    tracker.models.point("attack", champion="a" * 64)
    tracker.finish(parent)
    assert client(tracker).get_run(parent).info.status == "FINISHED"
    assert len(list((home / "served").rglob("card.md"))) == 1
    assert loaded_elsewhere(server, tmp_path)[0] == [["probability"], as_bundle(graph(bias=0.25))]
