"""The node's `/metrics` on a separate port, so that each of several nodes behind one address can be scraped.

All replicas of a node know all its counts, so any of them may serve the port: the first one that binds it does, and
another one takes over when that one ends. Not here: the metrics (`serving.metrics.registry`), `/metrics` of the main
port (`serving.app`).
"""

import asyncio
import threading

from prometheus_client import make_asgi_app
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http_server import Connections, Server, bind
from serving.metrics.registry import Metrics

RETRY_SECONDS = 1.0
REQUEST_SECONDS = 10
CONNECTIONS = 64
CONNECTIONS_PER_CLIENT = 16


class SidePort:
    """A thread that serves the port until `close`, or waits until it is free."""

    def __init__(self, metrics: Metrics, *, host: str, port: int) -> None:
        self._metrics, self._host, self._port = metrics, host, port
        self._closing = threading.Event()
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._run, name="side-port", daemon=True)
        self._thread.start()

    @property
    def serving(self) -> bool:
        """Whether this replica serves the port."""
        return self._server is not None and self._server.started

    def close(self) -> None:
        """Release the port."""
        self._closing.set()
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                bound = bind(self._host, self._port)
            except OSError:  # another replica has it
                self._closing.wait(RETRY_SECONDS)
                continue
            connections = Connections(CONNECTIONS, CONNECTIONS_PER_CLIENT, drain_seconds=0)
            self._server = Server(_in_time(make_asgi_app(self._metrics.registry)), bound, connections)
            # `close` may have been called before the server existed.
            self._server.should_exit = self._closing.is_set()
            self._server.run()
            self._server = None


def _in_time(app: ASGIApp) -> ASGIApp:
    """Return `app` with a deadline of `REQUEST_SECONDS` for each request, including its body."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.timeout(REQUEST_SECONDS):
            await app(scope, receive, send)

    return timed
