"""`migraine ui`: run the Dagster webserver, its daemon, the MLflow server and the reports until this command ends.

Not here: the end of the children if this command is killed (`cli.watchdog`), the pages (`report.site`).
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from migraine_assets.cli import watchdog
from migraine_assets.cli.dagster.instance import dagster_home, open_instance, project_root
from migraine_assets.cli.dagster.run_lock import fail_abandoned_runs
from migraine_assets.cli.home import writable_settings
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import MLFLOW_PORT, REPORTS_PORT, Settings

GRACE_SECONDS = 10
POLL_SECONDS = 0.5
# Ctrl-C, a request to terminate, and a closed terminal.
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Service:
    """One child process: its name in messages, and its command line."""

    name: str
    command: tuple[str, ...]


def services(settings: Settings, *, dagster_port: int, mlflow_port: int, reports_port: int) -> tuple[Service, ...]:
    """Return the processes of `migraine ui`. Each runs under this interpreter, so no environment must be activated."""
    workspace = str(project_root() / "workspace.yaml")
    python = (sys.executable, "-m")
    return (
        Service(
            "Dagster UI",
            (*python, "migraine_assets.cli.dagster.webserver", "-h", "127.0.0.1", "-p", str(dagster_port))
            + ("-w", workspace),
        ),
        Service("Dagster daemon", (*python, "dagster._daemon", "run", "-w", workspace)),
        Service(
            "MLflow UI",
            (*python, "mlflow", "server", "--host", "127.0.0.1", "--port", str(mlflow_port), "--workers", "1")
            # A page of another site must not reach it under a host name that resolves to this machine.
            + ("--allowed-hosts", ",".join(f"{host}:{mlflow_port}" for host in ("127.0.0.1", "localhost")))
            + (
                "--backend-store-uri",
                settings.tracking_uri,
                "--default-artifact-root",
                settings.artifact_root,
            ),
        ),
        Service(
            "Reports",
            (*python, "uvicorn", "--factory", "migraine_assets.report.site:app", "--host", "127.0.0.1")
            + ("--port", str(reports_port), "--log-level", "warning"),
        ),
    )


def environment(settings: Settings, *, mlflow_port: int, reports_port: int) -> dict[str, str]:
    """Return the environment of the child processes. They share this working directory, and so its relative paths."""
    return os.environ | {
        "MIGRAINE_HOME": str(settings.root),
        # For links in the metadata of runs.
        "MIGRAINE_MLFLOW_URL": settings.mlflow_url or f"http://127.0.0.1:{mlflow_port}",
        "MIGRAINE_REPORTS_URL": settings.reports_url or f"http://127.0.0.1:{reports_port}",
        "DAGSTER_HOME": str(dagster_home(settings)),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Nothing here uses MLflow's job server.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "DO_NOT_TRACK": "true",
    }


def supervise(
    children: tuple[Service, ...],
    *,
    env: dict[str, str],
    console: Console,
    addresses: Sequence[str] = (),
    announcement: str = "",
) -> None:
    """Run `children` until one exits or this process is stopped; then end all of them with their descendants.

    Prints `announcement` once all `addresses` answer. Raises `ConfigurationError` if a child exits on its own.
    """
    for number in STOPS:
        signal.signal(number, _interrupt)
    started: list[subprocess.Popen[bytes]] = []
    ended: list[str] = []
    waiting = list(addresses)
    # The watchdog ends the children if this process is killed.
    command = (sys.executable, "-I", "-S", watchdog.__file__)
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        for child in children:
            # Each has its own process group: Ctrl-C reaches only this process, which then ends them in order.
            started.append(subprocess.Popen(child.command, env=env, start_new_session=True))
            _write_line(guard, str(started[-1].pid))
        while not ended:
            time.sleep(POLL_SECONDS)
            if waiting:
                waiting = [address for address in waiting if not _answers(address)]
                if not waiting:
                    console.print(announcement, soft_wrap=True)
            ended = [child.name for child, process in zip(children, started, strict=True) if process.poll() is not None]
    except KeyboardInterrupt:
        console.print("\nStopping")
    finally:
        _end(started)
        _write_line(guard, watchdog.DONE)
        guard.communicate()
    if ended:
        raise ConfigurationError(f"{ended[0]} exited unexpectedly: see its last lines above (is its port in use?).")


def _answers(address: str) -> bool:
    try:
        # Without the proxy of the environment, because the address is on this machine.
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _write_line(guard: "subprocess.Popen[bytes]", line: str) -> None:
    assert guard.stdin is not None
    # Even without its watchdog, the command ends its children itself.
    with contextlib.suppress(BrokenPipeError):
        guard.stdin.write(f"{line}\n".encode())
        guard.stdin.flush()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _end(started: list["subprocess.Popen[bytes]"]) -> None:
    for number in STOPS:
        # A second Ctrl-C must not leave processes behind.
        signal.signal(number, signal.SIG_IGN)
    for process in started:
        # Not SIGINT: a Python that is still starting would print a traceback.
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(process.poll() is None for process in started):
        time.sleep(0.1)
    for process in started:
        # Even if the leader has exited: its descendants share its group.
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def ui(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    mlflow_port: Annotated[int, typer.Option(help="Port of the MLflow UI.")] = MLFLOW_PORT,
    reports_port: Annotated[int, typer.Option(help="Port of the reports.")] = REPORTS_PORT,
) -> None:
    """Run the Dagster UI with its daemon, the MLflow UI and the reports until Ctrl-C."""
    from migraine_assets.stores.tracking.experiments import UI_VIEW, prepare_experiments

    settings, console = writable_settings(), Console(stderr=True, highlight=False)
    for number in (port, mlflow_port, reports_port):
        _check_free(number)
    # Opened here first, because two processes that start on a new database would both create its tables.
    with open_instance(settings) as instance:
        fail_abandoned_runs(instance)
    experiments = prepare_experiments(settings.tracking_uri, artifact_root=settings.artifact_root)
    dagster, mlflow, reports = (f"http://127.0.0.1:{number}" for number in (port, mlflow_port, reports_port))
    runs = {task: f"{mlflow}/#/experiments/{number}/runs{UI_VIEW}" for task, number in experiments.items()}
    announcement = (
        f"\nDagster UI  {dagster}\n"
        f"  pipeline  {dagster}/locations/migraine_assets/jobs/full_pipeline  (Materialize all)\n"
        f"MLflow UI   {mlflow}/#/experiments{UI_VIEW}\n"
        f"  attack    {runs['attack']}\n"
        f"  severity  {runs['severity']}\n"
        f"Reports     {reports}\n"
        "Ctrl-C stops all.\n"
    )
    console.print("Starting Dagster, MLflow and the reports. Their addresses follow when they answer.")
    supervise(
        services(settings, dagster_port=port, mlflow_port=mlflow_port, reports_port=reports_port),
        env=environment(settings, mlflow_port=mlflow_port, reports_port=reports_port),
        console=console,
        addresses=(dagster, mlflow, reports),
        announcement=announcement,
    )


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} on 127.0.0.1 is in use. Choose others: "
                "migraine ui --port 3010 --mlflow-port 5010 --reports-port 3012."
            ) from error
