"""A real Prometheus with the chart's rules, a real Alertmanager, and somebody who is told, all on loopback.

Here belong the processes and the clock: the rules are the chart's own, with their periods of waiting shortened. Not
here: what is broken so that they fire (the tests).
"""

import json
import re
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

from migraine_assets_tests.platform.rules.rule_files import ALERTMANAGER, RULES, tool
from migraine_assets_tests.support.service import Service
from migraine_assets_tests.support.waiting import eventually
from serving.cluster.ray_environment import free_ports

JOB = "migraine-serving"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FASTER = 60
LEAST_RANGE = 8  # seconds: several scrapes
PATIENCE = 60.0
BACKLOG_LIMIT = 200  # receipts and feedbacks that the watched service keeps in memory, each

_FOR = re.compile(r"^(\s*(?:keep_firing_)?for: )(\d+)([smhd])$", re.MULTILINE)
_RANGE = re.compile(r"(\[)(\d+)([smhd])\]")


def hastened(rules: str) -> str:
    """Rules with every `for` and every range shortened, and nothing else changed."""

    def shorter(match: re.Match[str], *, least: int) -> str:
        return f"{max(least, int(match[2]) * UNITS[match[3]] // FASTER)}s"

    # What keeps firing does so for the sake of a range, and outlasts it.
    waits = _FOR.sub(lambda m: m[1] + shorter(m, least=LEAST_RANGE + 6 if "keep" in m[1] else 1), rules)
    return _RANGE.sub(lambda m: f"{m[1]}{shorter(m, least=LEAST_RANGE)}]", waits)


@dataclass
class Told:
    """What the receiver of the alerts was told, in order: (status, name of the alert), and the alerts themselves."""

    said: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Stack:
    """Everything, running."""

    service: Service
    prometheus: str
    told: Told

    def query(self, expression: str) -> list[Mapping[str, Any]]:
        """What Prometheus answers: series with their label values and present value."""
        address = f"{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            content = _asked(address)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{expression}: {refused.read().decode()}") from refused
        return list(json.loads(content)["data"]["result"])

    def value(self, expression: str) -> float | None:
        """The value of the only series; None where there is none."""
        found = self.query(expression)
        assert len(found) < 2, found
        return float(found[0]["value"][1]) if found else None

    @contextmanager
    def told_of(self, *names: str) -> Iterator[None]:
        """The block must lead to these alerts, each being told."""
        place = len(self.told.said)
        yield
        self._await(place, "firing", names)

    @contextmanager
    def told_that_it_is_over(self, *names: str) -> Iterator[None]:
        """The block must end these alerts, each being told."""
        place = len(self.told.said)
        yield
        self._await(place, "resolved", names)

    def firing(self) -> set[str]:
        """The alerts that fire now."""
        return {str(series["metric"]["alertname"]) for series in self.query('ALERTS{alertstate="firing"}')}

    def _await(self, place: int, status: str, names: tuple[str, ...]) -> None:
        wanted = {(status, name) for name in names}
        assert eventually(lambda: wanted <= set(self.told.said[place:]), patience=PATIENCE), (
            f"Not told: {wanted - set(self.told.said[place:])}. Said: {self.told.said}; firing: {self.firing()}"
        )


@contextmanager
def running(folder: Path, service: Service) -> Iterator[Stack]:
    """The stack around `service`, ended with the block."""
    prometheus, alertmanager = tool("prometheus"), tool("prometheus-alertmanager", "alertmanager")
    told, ports = Told(), free_ports(2)
    with ExitStack() as stack:
        receiver = stack.enter_context(_receiver(told))
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
        yield Stack(service, f"http://127.0.0.1:{ports[0]}", told)


def _written(folder: Path, service: int, *, alerts: int, receiver: int) -> dict[str, Path]:
    rules = folder / "rules"
    rules.mkdir(parents=True)
    for path in RULES:
        (rules / path.name).write_text(hastened(path.read_text()))
    content: dict[str, dict[str, Any]] = {
        "prometheus": {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules / "*.yaml")],
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [f"127.0.0.1:{service}"]}]}],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
        },
        "alertmanager": _told_at_once(receiver),
    }
    paths = {name: folder / f"{name}.yaml" for name in content}
    for name, path in paths.items():
        path.write_text(yaml.safe_dump(content[name]))
    return paths


def _told_at_once(receiver: int) -> dict[str, Any]:
    """The chart's inhibitions, with one receiver for everything and nothing waited for."""
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
def _receiver(told: Told) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in content["alerts"]:
                told.alerts.append(alert)
                told.said.append((alert["status"], alert["labels"]["alertname"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _asked(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def _answers(address: str) -> bool:
    try:
        return bool(_asked(address))
    except OSError:
        return False


@contextmanager
def repeated(action: Callable[[], object], *, seconds: float = 0.2) -> Iterator[None]:
    """`action` again and again in a thread of its own, until the block ends."""
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
