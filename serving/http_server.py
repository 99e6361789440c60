"""Uvicorn with limits on connections, a deadline for headers, and draining, for every server without HAProxy.

Not here: the deadline of a body (`serving.api.bodies`), HAProxy (`serving.cluster.haproxy_front`), addresses and ports
(`serving.local_server`, `serving.metrics.side_port`).
"""

import asyncio
import resource
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.access.addresses import UNKNOWN, network_of
from serving.cluster.draining import CLOSE_SECONDS

HEADER_SECONDS = 10
KEEP_ALIVE_SECONDS = 30
# Enough for the event loop to accept the connections that the system has already established.
ACCEPT_SECONDS = 0.05
# File descriptors for everything except connections: logs, bundles, the store.
OTHER_FILES = 256


@dataclass
class Connections:
    """The open connections of one server. `most`, `most_per_client`: the limits (0: none).

    `header_seconds`: the deadline for the headers of a request. `drain_seconds`: see `Server`.
    """

    most: int
    most_per_client: int = 0
    header_seconds: float = HEADER_SECONDS
    drain_seconds: float = CLOSE_SECONDS
    draining: bool = False
    open: int = 0
    by_client: Counter[str] = field(default_factory=Counter)

    def enter(self, client: str) -> bool:
        """Count a new connection of `client`. Returns False, and counts nothing, beyond a limit."""
        if self.open >= self.most or (self.most_per_client and self.by_client[client] >= self.most_per_client):
            return False
        self.open += 1
        self.by_client[client] += 1
        return True

    def leave(self, client: str) -> None:
        """Count the end of a connection that was entered."""
        self.open -= 1
        self.by_client[client] -= 1
        if not self.by_client[client]:
            del self.by_client[client]


class Connection(HttpToolsProtocol):
    """One connection. It is closed if complete headers do not arrive in time; uvicorn alone would wait forever."""

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self._connections, self._client = connections, ""
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or drop it beyond a limit."""
        client = network_of(next(iter(transport.get_extra_info("peername") or ()), UNKNOWN))
        if not self._connections.enter(client):
            transport.abort()
            return
        self._client = client
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Parse `data`. Between two requests, the first byte starts the deadline for the headers of the next one."""
        if self.parser is None:
            return
        super().data_received(data)
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_headers()

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._expect_nothing()
        super().on_headers_complete()
        if self._connections.draining:
            self.end_after_response()

    def end_after_response(self) -> None:
        """Close the connection after the response to the ongoing request, if there is one, and tell the client so."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the end of the connection."""
        self._expect_nothing()
        if self._client:
            self._connections.leave(self._client)
            super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._deadline = self.loop.call_later(self._connections.header_seconds, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """A server of `app` on `bound`, with `connections`. `also`: servers that start and end with this one.

    On SIGINT, SIGTERM or `should_exit`, it first asks clients to close their connections, so that no request arrives on
    a connection that is being closed. Then it finishes the ongoing requests and ends. It waits for clients at most
    `Connections.drain_seconds`.
    """

    def __init__(
        self, app: ASGIApp, bound: socket.socket, connections: Connections, *, also: "tuple[Server, ...]" = ()
    ) -> None:
        def connection(**options: Any) -> Connection:
            return Connection(connections, **options)

        super().__init__(
            uvicorn.Config(
                app,
                http=connection,  # type: ignore[arg-type]  # it is only called
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                # The application itself reads X-Forwarded-For, if it is to be trusted.
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                backlog=min(connections.most, 2048),
            )
        )
        self._bound, self._connections, self._also = bound, connections, also

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - it has its own
        """Listen."""
        await super().startup([self._bound])
        for other in self._also:
            other.config.load()
            other.lifespan = other.config.lifespan_class(other.config)
            await other.startup()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - it has its own
        """Drain, then close every connection once it is idle."""
        self._connections.draining = True
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.end_after_response()
        await self._until_none_is_open()
        # Stop queueing new connections, and accept those that are queued: closing the socket would cut them.
        self._bound.listen(0)
        await asyncio.sleep(ACCEPT_SECONDS)
        for listener in self.servers:
            listener.close()
        await self._until_none_is_open()
        await super().shutdown([self._bound])
        for other in self._also:
            await other.shutdown()

    async def _until_none_is_open(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._connections.drain_seconds / 2
        while self._connections.open and loop.time() < deadline:
            await asyncio.sleep(0.02)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def affordable_connections(requested: int) -> int:
    """Return `requested` connections, or as many as the limit on open files allows. Raises the limit if possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = requested + OTHER_FILES
    if soft < enough:
        soft = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(requested, soft - OTHER_FILES))
