"""The setting of the demonstration: a trained home, the running service and daemon, a receiver of alerts, and a log.

Not here: the order of events (`demo.story`).
"""

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.participants import delivery_arguments
from demo.processes import Receiver, Service, process, python, wait_for
from migraine_assets.cli.app import run_command
from migraine_assets.cli.console import say
from migraine_assets.cli.dagster.instance import open_instance, project_root
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.results import R, ResultKind, TaskResults, task_result
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store
from serving.cluster.ray_environment import free_ports

# Small models and no pauses, so that months are simulated in minutes. A new champion may be slightly worse in ROC-AUC
# than the one that it replaces, because the old one was trained on inputs that no longer occur.
PARAMS = """\
training: {seed: 7, threads: 1, replicates: 60}
folds: {folds: 3}
promotion: {replicates: 100, margin: 0.03}
monitoring: {window_days: 7, label_delay_days: 0}
automation: {cool_down_hours: 0}
models:
  attack:
    random_forest: {n_estimators: 30}
    gradient_boosting: {max_iter: 30}
    xgboost: {n_estimators: 40}
    lightgbm: {n_estimators: 40}
  severity:
    random_forest: {n_estimators: 20}
    gradient_boosting: {max_iter: 20}
    xgboost: {n_estimators: 20}
    lightgbm: {n_estimators: 20}
"""


@dataclass
class Log:
    """The events so far: lines of the closing summary, and facts for the end-to-end test."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def record(self, event: str, detail: str, **facts: Any) -> None:
        """Print an event that has just happened, and store it."""
        elapsed = f"{time.monotonic() - self.began:4.0f} s"
        self.lines.append((elapsed, event, detail))
        self.facts |= facts
        say(f"[{elapsed}] {event}: {detail}")


@dataclass
class Scene:
    """Everything that the story acts on. `written`: the number of records that the service should have logged."""

    home: Path
    store: Store
    service: Service
    receiver: Receiver
    log: Log
    today: dt.date
    written: int = 0

    @property
    def champion(self) -> str:
        """The bundle of the current champion for attacks."""
        return read_pointer(self.store).tasks["attack"].champion

    def monitor(self, kind: ResultKind[TaskResults[R]]) -> R:
        """Monitor today and return the result for attacks."""
        migraine("monitor", "--day", self.today.isoformat())
        result = task_result(self.store, kind, self.today, "attack")
        assert result is not None  # the command fails otherwise
        return result

    def wait_until_logged(self, records: int) -> None:
        """Wait until the service has written this many further records to its log."""
        self.written += records

        def written() -> bool:
            return sum(self.service.metric("migraine_receipts_written_total").values()) >= self.written

        wait_for("the prediction log", written, timeout=30)


@contextmanager
def open_scene(home: Path, log: Log) -> Iterator[Scene]:
    """Train the first model in the empty folder `home`, and run service and daemon in this block."""
    (home / "params.yaml").write_text(PARAMS)
    receiver, port = Receiver(), free_ports(1)[0]
    os.environ.update(
        MIGRAINE_HOME=str(home),
        MIGRAINE_PARAMS=str(home / "params.yaml"),
        MIGRAINE_ALERT_URLS=receiver.url,
        MIGRAINE_AUTOMATION="on",
        SERVING_PORT=str(port),
        SERVING_MAX_REPLICAS="1",
        SERVING_FLUSH_SECONDS="0.2",
    )
    migraine("run", *delivery_arguments("before"))
    service, root = Service(port), project_root()
    environment = dict(os.environ)
    with ExitStack() as stack:
        stack.callback(receiver.close)
        command = python("-c", "from migraine_assets.cli.app import main; main()", "serve")
        stack.enter_context(process(command, cwd=root, environment=environment, log=home / "service.log"))
        with open_instance(Settings()):
            environment["DAGSTER_HOME"] = os.environ["DAGSTER_HOME"]
        daemon = python("-m", "dagster._daemon", "run", "-w", str(root / "workspace.yaml"))
        stack.enter_context(process(daemon, cwd=root, environment=environment, log=home / "daemon.log"))
        wait_for("the service to be ready", service.serving)
        scene = Scene(home, Store(str(home / "store")), service, receiver, log, dt.datetime.now(dt.UTC).date())
        log.record("A model was trained and serves", scene.champion[:12], first=scene.champion)
        yield scene


def migraine(*arguments: str) -> None:
    """Run a `migraine` command. Raises `RuntimeError` if it fails."""
    code = run_command(arguments)
    if code:
        raise RuntimeError(f"migraine {' '.join(arguments)} exited with {code}.")
