"""`migraine ui`: the Dagster webserver and daemon and the MLflow server as children that end with this command."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from rich.console import Console

from migraine_assets.cli.dagster.instance import dagster_home, open_instance, project_root
from migraine_assets.cli.dagster.run_lock import settle
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings

GRACE_SECONDS = 10
POLL_SECONDS = 0.5
# Ctrl-C, an orderly stop, and the terminal that is closed.
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Service:
    """One child: its name for messages, and its command line."""

    name: str
    command: tuple[str, ...]


def services(settings: Settings, *, dagster_port: int, mlflow_port: int) -> tuple[Service, ...]:
    """What `migraine ui` runs. Each is the interpreter's own, so an environment need not be activated."""
    workspace = str(project_root() / "workspace.yaml")
    python = (sys.executable, "-m")
    return (
        Service(
            "Dagster UI",
            (*python, "dagster_webserver", "-h", "127.0.0.1", "-p", str(dagster_port), "-w", workspace),
        ),
        Service("Dagster daemon", (*python, "dagster._daemon", "run", "-w", workspace)),
        Service(
            "MLflow UI",
            (*python, "mlflow", "server", "--host", "127.0.0.1", "--port", str(mlflow_port), "--workers", "1")
            + (
                "--backend-store-uri",
                settings.tracking_uri,
                "--default-artifact-root",
                settings.artifact_root,
            ),
        ),
    )


def environment(settings: Settings) -> dict[str, str]:
    """The children's environment. They work in the same folder as this process, so relative paths mean the same."""
    return os.environ | {
        "MIGRAINE_HOME": str(settings.root),
        "DAGSTER_HOME": str(dagster_home(settings)),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # A server of jobs that nobody here submits.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "DO_NOT_TRACK": "true",
    }


def supervise(children: tuple[Service, ...], *, env: dict[str, str], console: Console) -> None:
    """Run `children` until one ends or this process is told to stop; then end them all, with their own children.

    Raises `ConfigurationError` where one ended by itself.
    """
    for number in STOPS:
        signal.signal(number, _interrupt)
    started: list[subprocess.Popen[bytes]] = []
    ended: list[str] = []
    try:
        for child in children:
            # A group of its own each: Ctrl-C reaches only this process, which then ends them in order.
            started.append(subprocess.Popen(child.command, env=env, start_new_session=True))
        while not ended:
            time.sleep(POLL_SECONDS)
            ended = [child.name for child, process in zip(children, started, strict=True) if process.poll() is not None]
    except KeyboardInterrupt:
        console.print("\nStopping")
    finally:
        _end(started)
    if ended:
        raise ConfigurationError(f"{ended[0]} ended by itself: its last lines above say why (is its port taken?).")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _end(started: list["subprocess.Popen[bytes]"]) -> None:
    for number in STOPS:
        # Impatience must not leave anything behind.
        signal.signal(number, signal.SIG_IGN)
    for process in started:
        # Not SIGINT, on which a Python that is still starting prints where it was.
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(process.poll() is None for process in started):
        time.sleep(0.1)
    for process in started:
        # Also where the leader is gone: what it started shares its group.
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def ui(*, port: int, mlflow_port: int) -> None:
    """Start everything, say where it is, and wait."""
    from migraine_assets.stores.tracking.experiments import Tracker

    settings, console = Settings(), Console(stderr=True, highlight=False)
    for number in (port, mlflow_port):
        _refuse_taken(number)
    # Two processes that meet a fresh database would both create its tables.
    with open_instance(settings) as instance:
        settle(instance)
    Tracker(settings.tracking_uri, artifact_root=settings.artifact_root).prepare()
    console.print(
        f"Dagster UI  http://127.0.0.1:{port}\nMLflow UI   http://127.0.0.1:{mlflow_port}\nCtrl-C stops both."
    )
    children = services(settings, dagster_port=port, mlflow_port=mlflow_port)
    supervise(children, env=environment(settings), console=console)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} on 127.0.0.1 is taken. Name others: migraine ui --port 3001 --mlflow-port 5001."
            ) from error
