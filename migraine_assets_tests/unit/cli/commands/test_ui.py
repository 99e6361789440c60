"""`migraine ui` answers on all ports and leaves no process behind, however it ends."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from migraine_assets.cli.commands.ui import Service, environment, services, supervise
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.sockets import reachable_from_elsewhere
from serving.cluster.ray_environment import free_ports

PATIENCE = 240
# A child that starts a child of its own, as the webserver does with its code server, and ignores SIGTERM.
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


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.1)


def _processes_with(text: str) -> list[str]:
    """Return the command lines of processes with `text` in command line or environment; dead processes have neither."""
    lines = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        line = " ".join(process.info["cmdline"] or ())
        environment = " ".join((process.info["environ"] or {}).values())
        if process.pid != os.getpid() and (text in line or text in environment):
            lines.append(line)
    return lines


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _status(port: int, *, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.slow
def test_every_server_answers_and_ctrl_c_ends_everything(home: Home) -> None:
    dagster, mlflow, reports = free_ports(3)
    process = home.start("ui", "--port", str(dagster), "--mlflow-port", str(mlflow), "--reports-port", str(reports))
    try:
        _wait_until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{dagster}/server_info"))
        _wait_until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{mlflow}/health"))
        _wait_until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{reports}/"))
        assert process.poll() is None
        assert reachable_from_elsewhere(process.pid) == []
        for port in (dagster, mlflow, reports):
            assert _status(port, host=f"127.0.0.1:{port}") == 200
            assert _status(port, host="rebinding.example") in (400, 403), port
        assert len(_processes_with(str(home.root))) >= 5, "the command, the webserver, the daemon, MLflow, reports"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, out
    assert f"Dagster UI  http://127.0.0.1:{dagster}" in out
    _wait_until(lambda: not _processes_with(str(home.root)))


@pytest.mark.parametrize("option", ["--port", "--mlflow-port", "--reports-port"])
def test_a_port_in_use_is_refused(home: Home, option: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        options = ("--port", "--mlflow-port", "--reports-port")
        ports = {name: str(port if name == option else free_port()) for name in options}
        ended = home.migraine("ui", *(word for pair in ports.items() for word in pair))
    assert ended.code == 2
    assert f"Port {port} on 127.0.0.1 is in use" in ended.err


@pytest.fixture
def supervisor(tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a supervisor of two stubborn children, each with a child of its own."""
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, STUBBORN, str(tmp_path)], start_new_session=True)
    _wait_until(lambda: all((tmp_path / name).exists() and (tmp_path / name).read_text() for name in ("a", "b")))
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_every_stop_signal_ends_all_descendants(
    supervisor: "subprocess.Popen[bytes]", tmp_path: Path, number: signal.Signals
) -> None:
    assert len(_processes_with(str(tmp_path))) >= 3
    supervisor.send_signal(number)
    # A second Ctrl-C must not interrupt the shutdown.
    time.sleep(0.1)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(timeout=PATIENCE) == 0
    for name in ("a", "b"):
        _wait_until(partial(_gone, int((tmp_path / name).read_text())))


def test_a_killed_supervisor_leaves_no_process(supervisor: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    for name in ("a", "b"):
        # They ignore SIGTERM, and waiting for that would only take time.
        os.kill(int((tmp_path / name).read_text()), signal.SIGSTOP)
    supervisor.kill()
    supervisor.wait()
    for name in ("a", "b"):
        _wait_until(partial(_gone, int((tmp_path / name).read_text())))
    _wait_until(lambda: not _processes_with(str(tmp_path)))


def _gone(pid: int) -> bool:
    """Return whether the process has ended, even if its parent has not collected its status yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_child_that_exits_ends_all(tmp_path: Path) -> None:
    quick = Service("Dagster UI", (sys.executable, "-c", "pass"))
    slow = Service("MLflow UI", (sys.executable, "-c", f"import time; time.sleep(600)  # {tmp_path}"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with pytest.raises(ConfigurationError, match="Dagster UI exited unexpectedly"):
            supervise((slow, quick), env=dict(os.environ), console=Console(stderr=True))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not _processes_with(str(tmp_path))


SLOW_SERVER = """
import http.server, sys, time
time.sleep(1.5)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()
"""
ANNOUNCING = """
import os, sys
from rich.console import Console
from migraine_assets.cli.commands.ui import Service, supervise
server = Service("server", (sys.executable, "-c", sys.argv[1], sys.argv[2]))
address = f"http://127.0.0.1:{sys.argv[2]}"
supervise((server,), env=dict(os.environ), console=Console(), addresses=(address,), announcement=f"At {address}")
"""


def test_an_address_is_printed_when_it_answers() -> None:
    port = free_port()
    command = [sys.executable, "-c", ANNOUNCING, SLOW_SERVER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"At http://127.0.0.1:{port}\n"
            assert not _answers(f"http://127.0.0.1:{port}"), "an error counts as an answer"
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0


def test_children_share_the_state_of_the_command(home: Home) -> None:
    with home.entered():
        settings = Settings()
        variables = environment(settings, mlflow_port=2, reports_port=3)
        children = services(settings, dagster_port=1, mlflow_port=2, reports_port=3)
        commands = [service.command for service in children]
    assert variables["MIGRAINE_HOME"] == str(home.root)
    assert variables["MIGRAINE_MLFLOW_URL"] == "http://127.0.0.1:2"
    assert variables["MIGRAINE_REPORTS_URL"] == "http://127.0.0.1:3"
    assert variables["DAGSTER_HOME"] == str(home.root / "dagster")
    assert all(command[0] == sys.executable for command in commands)
    assert any(settings.tracking_uri in command for command in commands)
