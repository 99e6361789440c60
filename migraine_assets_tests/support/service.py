"""The service in a separate process for tests: its store, requests to it, and its child processes."""

import contextlib
import datetime as dt
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.waiting import PATIENCE
from migraine_assets_tests.unit.stores.bundles.example_bundles import FEATURES, example_manifest, example_model

_DAY = {"date": "2026-03-01", "sleep_hours": 5.5, "stress_level": 8, "migraine_occurrence": 1}
BODY = json.dumps({"entries": [_DAY]}).encode()
_REFERENCE = tuple(FeatureReference(name, (1.0, 5.0, 9.0), (10, 20, 20, 10), 0) for name in FEATURES)


def put_champion(store: Store, *, weight: float) -> str:
    """Promote a new champion of "attack" and return its hash. A different weight makes a different model."""
    model = example_model(weight=weight)
    bundle = write_bundle(store, example_manifest(model, reference=_REFERENCE), model)
    promote(store, "attack", champion=bundle, who="test", when=dt.datetime.now(dt.UTC), why=("test",))
    return bundle


@dataclass
class Service:
    """`migraine serve` on a free port."""

    home: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.store = Store(str(self.home / "store"))
        self.output = self.home / "output"
        environment = os.environ | {"MIGRAINE_HOME": str(self.home)} | self.environment
        command = (sys.executable, "-c", "from serving.cli import app; app()", "serve")
        options = ("--host", self.host, "--port", str(self.port), *self.options)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                (*command, *options),
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def request(
        self, method: str, path: str, body: bytes | None = None, *, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Return status and body of the response. The status is 0 if there is none."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, {"content-type": kind})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def responds(self, path: str, status: int = 200) -> bool:
        """Return whether `path` currently responds with this status."""
        return self.request("GET", path)[0] == status

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of metric `name` with these labels."""
        families = text_string_to_metric_families(self.request("GET", "/metrics")[1].decode())
        samples = (sample for family in families for sample in family.samples if sample.name == name)
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def stop(self, number: signal.Signals) -> int:
        """Send the signal, wait for the exit, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def descendants(self) -> dict[int, str]:
        """Command lines of all descendant processes by process id."""
        return descendants(self.process.pid)


def descendants(root: int) -> dict[int, str]:
    """Command lines of all descendants of process `root` by process id."""
    lines: dict[int, str] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(root).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                lines[process.pid] = " ".join(process.cmdline())
    return lines


@dataclass
class Load:
    """Send predictions over several connections at once until the block ends."""

    service: Service
    connections: int

    def __post_init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.failures: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(self.connections)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        connection = http.client.HTTPConnection(self.service.host, self.service.port, timeout=30)
        while not self._stop.is_set():
            try:
                connection.request("POST", "/predict", BODY, {"content-type": "application/json"})
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures[type(error).__name__] += 1
                connection.close()
                self._stop.wait(0.01)
                continue
            if response.status == 200:
                self.answers.append(json.loads(content))
            else:
                self.failures[str(response.status)] += 1
        connection.close()
