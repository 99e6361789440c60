"""A real Prometheus with the chart's rules, a real Alertmanager and a receiver of its notifications, on loopback.

Here belong the processes and the clock: the rules are the chart's own, with shortened periods. Not here: the faults
that make them fire (the tests).
"""

import json
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets_tests.platform.rules.rule_files import ALERTMANAGER, RULES, tool
from migraine_assets_tests.support.service import Service, put_champion
from migraine_assets_tests.support.waiting import eventually
from serving.cluster.ray_environment import free_ports

JOB = "migraine-serving"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FASTER = 60
LEAST_RANGE = 8  # seconds: several scrapes
PATIENCE = 300.0  # seconds: a loaded machine scrapes and evaluates late
BACKLOG_LIMIT = 200  # prediction records and feedback entries that the service keeps in memory, each

_FOR = re.compile(r"^(\s*(?:keep_firing_)?for: )(\d+)([smhd])$", re.MULTILINE)
_RANGE = re.compile(r"(\[)(\d+)([smhd])\]")


def shortened(rules: str) -> str:
    """Return the rules with every `for` and every range shortened, and no other change."""

    def shorter(match: re.Match[str], *, least: int) -> str:
        return f"{max(least, int(match[2]) * UNITS[match[3]] // FASTER)}s"

    # `keep_firing_for` bridges gaps of a range, so it must be longer than the range.
    waits = _FOR.sub(lambda m: m[1] + shorter(m, least=LEAST_RANGE + 6 if "keep" in m[1] else 1), rules)
    return _RANGE.sub(lambda m: f"{m[1]}{shorter(m, least=LEAST_RANGE)}]", waits)


@dataclass
class Notifications:
    """The received notifications in order: (status, name of the alert), and the alerts themselves."""

    events: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Stack:
    """The running processes."""

    service: Service
    prometheus: str
    notifications: Notifications

    def query(self, expression: str) -> list[Mapping[str, Any]]:
        """Return the result of a query: series with their labels and current value."""
        address = f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            content = _response_of(address)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{expression}: {refused.read().decode()}") from refused
        return list(json.loads(content)["data"]["result"])

    def value(self, expression: str) -> float | None:
        """Return the value of the only series, or None if there is none."""
        series = self.query(expression)
        assert len(series) < 2, series
        return float(series[0]["value"][1]) if series else None

    @contextmanager
    def notifies_of(self, *names: str) -> Iterator[None]:
        """Check that the block raises these alerts, each with a notification."""
        assert eventually(lambda: not self._last("firing", names), patience=PATIENCE), self.notifications.events
        yield
        self.await_notification("firing", *names)

    @contextmanager
    def notifies_of_end(self, *names: str) -> Iterator[None]:
        """Check that the block ends these alerts, each with a notification."""
        assert self._last("firing", names) == set(names), self.notifications.events
        yield
        self.await_notification("resolved", *names)

    def firing(self) -> set[str]:
        """Return the alerts that fire now."""
        return {str(series["metric"]["alertname"]) for series in self.query('ALERTS{alertstate="firing"}')}

    def await_notification(self, status: str, *names: str) -> None:
        """Wait until the last notification of each of these alerts has the status `status`."""
        assert eventually(lambda: self._last(status, names) == set(names), patience=PATIENCE), (
            f"Not {status}: {names}. Received: {self.notifications.events}; firing: {self.firing()}"
        )

    def _last(self, status: str, names: tuple[str, ...]) -> set[str]:
        """Return those of `names` whose last notification has the status `status`."""
        last = {name: event for event, name in list(self.notifications.events)}
        return {name for name in names if last.get(name) == status}


def serving(stack: Stack) -> Service:
    """Run the service until it has loaded a champion, and return it."""
    service = stack.service
    if not read_pointer(service.store).tasks:
        put_champion(service.store, weight=0.01)
    assert eventually(lambda: service.responds("/ready"))
    return service


def unserved(stack: Stack) -> Service:
    """Return the service without a champion. It is started again if it had one."""
    service = stack.service
    if read_pointer(service.store).tasks:
        service.stop(signal.SIGTERM)
        service.store.delete("registry")
        service.__post_init__()
        assert eventually(lambda: service.responds("/health")), service.output.read_text()
        assert eventually(lambda: "MigraineServiceDown" not in stack.firing(), patience=PATIENCE)
    return service


@contextmanager
def running(folder: Path, service: Service) -> Iterator[Stack]:
    """Run the stack around `service` in this block."""
    prometheus, alertmanager = tool("prometheus"), tool("prometheus-alertmanager", "alertmanager")
    notifications, ports = Notifications(), free_ports(2)
    with ExitStack() as stack:
        receiver = stack.enter_context(_receiver(notifications))
        configuration = _written(folder, service.port, alerts=ports[1], receiver=receiver)
        stack.enter_context(
            _process(
                (alertmanager, f"--config.file={configuration['alertmanager']}", "--cluster.listen-address=",
                 f"--storage.path={folder / 'alerts'}", f"--web.listen-address=127.0.0.1:{ports[1]}"),
                folder / "alertmanager.log", ready=f"http://127.0.0.1:{ports[1]}/-/ready",
            )
        )  # fmt: skip
        stack.enter_context(
            _process(
                (prometheus, f"--config.file={configuration['prometheus']}",
                 f"--storage.tsdb.path={folder / 'series'}", f"--web.listen-address=127.0.0.1:{ports[0]}"),
                folder / "prometheus.log", ready=f"http://127.0.0.1:{ports[0]}/-/ready",
            )
        )  # fmt: skip
        yield Stack(service, f"http://127.0.0.1:{ports[0]}", notifications)


def _written(folder: Path, service: int, *, alerts: int, receiver: int) -> dict[str, Path]:
    rules = folder / "rules"
    rules.mkdir(parents=True)
    for path in RULES:
        (rules / path.name).write_text(shortened(path.read_text()))
    content: dict[str, dict[str, Any]] = {
        "prometheus": {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules / "*.yaml")],
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [f"127.0.0.1:{service}"]}]}],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
        },
        "alertmanager": _notified_at_once(receiver),
    }
    paths = {name: folder / f"{name}.yaml" for name in content}
    for name, path in paths.items():
        path.write_text(yaml.safe_dump(content[name]))
    return paths


def _notified_at_once(receiver: int) -> dict[str, Any]:
    """Return the chart's inhibitions, with a single receiver and no waiting periods."""
    chart = yaml.safe_load(ALERTMANAGER.read_text())
    waits = {"group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    return {
        "route": {"receiver": "webhook", **waits},
        "inhibit_rules": chart["inhibit_rules"],
        "receivers": [{"name": "webhook", "webhook_configs": [{"url": f"http://127.0.0.1:{receiver}/"}]}],
    }


@contextmanager
def _process(command: tuple[str, ...], log: Path, *, ready: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        assert eventually(lambda: _answers(ready), patience=PATIENCE), log.read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _receiver(notifications: Notifications) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in content["alerts"]:
                notifications.alerts.append(alert)
                notifications.events.append((alert["status"], alert["labels"]["alertname"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _response_of(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        content: bytes = answer.read()
    return content


def _answers(address: str) -> bool:
    try:
        return bool(_response_of(address))
    except OSError:
        return False


@contextmanager
def repeated(action: Callable[[], object], *, seconds: float = 0.2) -> Iterator[None]:
    """Repeat `action` in a thread until the block ends."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(seconds):
            action()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
