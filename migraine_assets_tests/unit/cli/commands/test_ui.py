"""`migraine ui`: it answers on both ports, and whatever ends it leaves no process behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from migraine_assets.cli.commands.ui import Service, environment, services, supervise
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.ports import free_port
from serving.cluster.ray_environment import free_ports

PATIENCE = 240
# A child that starts a child of its own, as the webserver does with its code server, and outlives a polite request.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", deaf])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""
SUPERVISOR = """
import os, sys
from rich.console import Console
from migraine_assets.cli.commands import ui
ui.GRACE_SECONDS = 0.5
children = tuple(ui.Service(name, (sys.executable, "-c", sys.argv[1], f"{sys.argv[2]}/{name}")) for name in ("a", "b"))
ui.supervise(children, env=dict(os.environ), console=Console(stderr=True))
"""


def _until(true: Callable[[], bool]) -> None:
    ending = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ending, "it did not happen"
        time.sleep(0.1)


def _alive(marks: str) -> list[str]:
    """The command lines of processes whose command line or environment holds `marks`; dead ones have neither."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if int(folder.name) != os.getpid() and (
                marks in line or marks.encode() in (folder / "environ").read_bytes()
            ):
                found.append(line)
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def test_both_answer_and_ctrl_c_leaves_nothing_running(home: Home) -> None:
    dagster, mlflow = free_ports(2)
    process = home.start("ui", "--port", str(dagster), "--mlflow-port", str(mlflow))
    try:
        _until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{dagster}/server_info"))
        _until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{mlflow}/health"))
        assert process.poll() is None
        assert len(_alive(str(home.root))) >= 4, "the command, the webserver, the daemon, MLflow"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, out
    assert f"Dagster UI  http://127.0.0.1:{dagster}" in out
    _until(lambda: not _alive(str(home.root)))


@pytest.mark.parametrize("option", ["--port", "--mlflow-port"])
def test_a_taken_port_is_told(home: Home, option: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        others = ("--port", "--mlflow-port")
        ports = {name: str(port if name == option else free_port()) for name in others}
        ended = home.migraine("ui", *(word for pair in ports.items() for word in pair))
    assert ended.code == 2
    assert f"Port {port} on 127.0.0.1 is taken" in ended.err


@pytest.fixture
def supervisor(tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A supervisor of two stubborn children, each with a child of its own."""
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, STUBBORN, str(tmp_path)], start_new_session=True)
    _until(lambda: all((tmp_path / name).exists() and (tmp_path / name).read_text() for name in ("a", "b")))
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_every_way_to_stop_ends_the_children_s_children_too(
    supervisor: "subprocess.Popen[bytes]", tmp_path: Path, number: signal.Signals
) -> None:
    assert len(_alive(str(tmp_path))) >= 3
    supervisor.send_signal(number)
    # Impatience must not break off the ending.
    time.sleep(0.1)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(timeout=PATIENCE) == 0
    for name in ("a", "b"):
        with pytest.raises(ProcessLookupError):
            _until_gone(int((tmp_path / name).read_text()))


def _until_gone(pid: int) -> None:
    """Raises `ProcessLookupError` when it is."""
    _until(lambda: os.kill(pid, 0) is not None)


def test_one_that_ends_by_itself_ends_all(tmp_path: Path) -> None:
    quick = Service("Dagster UI", (sys.executable, "-c", "pass"))
    slow = Service("MLflow UI", (sys.executable, "-c", f"import time; time.sleep(600)  # {tmp_path}"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with pytest.raises(ConfigurationError, match="Dagster UI ended by itself"):
            supervise((slow, quick), env=dict(os.environ), console=Console(stderr=True))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not _alive(str(tmp_path))


def test_children_work_on_the_same_state(home: Home) -> None:
    with home.entered():
        settings = Settings()
        given = environment(settings)
        commands = [service.command for service in services(settings, dagster_port=1, mlflow_port=2)]
    assert given["MIGRAINE_HOME"] == str(home.root)
    assert given["DAGSTER_HOME"] == str(home.root / "dagster")
    assert all(command[0] == sys.executable for command in commands)
    assert any(settings.tracking_uri in command for command in commands)
