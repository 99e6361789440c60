"""Processes of the demonstration: the service, the Dagster daemon, and a receiver of alerts.

All of them end with their block. Not here: the order of events (`demo.story`).
"""

import contextlib
import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT = 240.0


class WaitTimeout(RuntimeError):
    """An expected event did not happen in time."""


def wait_for(event: str, condition: Callable[[], Any], *, timeout: float = TIMEOUT) -> Any:
    """Return the first true value of `condition`. Raises `WaitTimeout` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise WaitTimeout(f"Timed out after {timeout:.0f} s while waiting for {event}.")
        time.sleep(0.5)
    return value


@contextmanager
def process(command: tuple[str, ...], *, cwd: Path, environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a child in its own process group, with its output in `log`; end it with its descendants."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
    finally:
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(40)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@dataclass
class Service:
    """Client of the HTTP service."""

    port: int
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and decoded body; status 0 if the service does not answer."""
        connection = self._connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, content, {"content-type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self._connection = None
            return 0, None
        self._connection = connection
        return response.status, json.loads(text) if text[:1] == b"{" else text.decode()

    def serving(self) -> str | None:
        """Return the bundle that serves the task attack; None if the service is not ready."""
        status, body = self.ask("GET", "/ready")
        return body["models"]["attack"] if status == 200 else None

    def metric(self, name: str) -> dict[str, float]:
        """Return the samples of a metric by their labels."""
        _, text = self.ask("GET", "/metrics")
        lines = [line for line in str(text).splitlines() if line.startswith(name)]
        return {line[len(name) : line.rindex(" ")]: float(line.rpartition(" ")[2]) for line in lines}


class Receiver:
    """HTTP server that receives alerts."""

    def __init__(self) -> None:
        received: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                received.append(json.loads(content))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.received = received
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the alert channel."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/"

    def about(self, *words: str) -> list[dict[str, Any]]:
        """Return the alerts that contain all of `words`."""
        return [alert for alert in self.received if all(word in json.dumps(alert).lower() for word in words)]

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()


def python(*arguments: str) -> tuple[str, ...]:
    """Return a command for the interpreter of this environment."""
    return (sys.executable, *arguments)
