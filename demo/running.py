"""What the demonstration starts: the service, the daemon, somebody who receives alerts. All of it ends with the block.

Not here: what happens in it (`story`).
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

PATIENCE = 240.0


class Missed(RuntimeError):
    """Something that was waited for did not happen."""


def wait_for(what: str, true: Callable[[], Any], *, patience: float = PATIENCE) -> Any:
    """The first true value. Raises `Missed` after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (found := true()):
        if time.monotonic() > deadline:
            raise Missed(f"This did not happen within {patience:.0f} s: {what}.")
        time.sleep(0.5)
    return found


@contextmanager
def process(command: tuple[str, ...], *, cwd: Path, environment: dict[str, str], log: Path) -> Iterator[None]:
    """A child in a group of its own, whose output goes to `log`; ended with all that it started."""
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
    """The HTTP service on a port of its own."""

    port: int
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body; status 0 where nobody answers."""
        connection = self._connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        content = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, content, {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection = None
            return 0, None
        self._connection = connection
        return answer.status, json.loads(text) if text[:1] == b"{" else text.decode()

    def serving(self) -> str | None:
        """The bundle that answers for attacks."""
        status, said = self.ask("GET", "/ready")
        return said["models"]["attack"] if status == 200 else None

    def metric(self, name: str) -> dict[str, float]:
        """The samples of a metric by their labels."""
        _, text = self.ask("GET", "/metrics")
        lines = [line for line in str(text).splitlines() if line.startswith(name)]
        return {line[len(name) : line.rindex(" ")]: float(line.rpartition(" ")[2]) for line in lines}


class Receiver:
    """Somebody who receives alerts over HTTP."""

    def __init__(self) -> None:
        received: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                received.append(json.loads(content))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on the screen."""

        self.received = received
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The channel's address."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/"

    def about(self, *words: str) -> list[dict[str, Any]]:
        """The alerts in which all of `words` occur."""
        return [alert for alert in self.received if all(word in json.dumps(alert).lower() for word in words)]

    def close(self) -> None:
        """Receive nothing more."""
        self._server.shutdown()
        self._server.server_close()


def python(*arguments: str) -> tuple[str, ...]:
    """A command of this environment."""
    return (sys.executable, *arguments)
