"""The HTTP server without HAProxy: limits on connections, deadlines, draining."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from migraine_assets_tests.support.waiting import eventually
from serving.http_server import Connections, Server, affordable_connections, bind


async def echo(request: Request) -> PlainTextResponse:
    """Respond with the body."""
    return PlainTextResponse(await request.body())


@dataclass
class Running:
    """A server in a thread."""

    server: Server
    thread: threading.Thread
    port: int

    def ask(self, body: bytes = b"") -> int:
        """Return the status of one request on a connection of its own, 0 if there is no response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/", body)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


@contextmanager
def running(connections: Connections, *, also: tuple[Server, ...] = ()) -> Iterator[Running]:
    """Run a server with these limits in this block."""
    bound = bind("127.0.0.1", 0)
    server = Server(Starlette(routes=[Route("/", echo, methods=["POST"])]), bound, connections, also=also)
    running = Running(server, threading.Thread(target=server.run), bound.getsockname()[1])
    running.thread.start()
    try:
        assert eventually(lambda: server.started)
        yield running
    finally:
        server.should_exit = True
        running.thread.join()


def closed_within(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("start", [b"", b"POST / HTTP/1.1\r\nHost: x\r\n", b"\r\n"], ids=["idle", "half", "blank"])
def test_a_connection_without_complete_headers_is_closed(start: bytes) -> None:
    with running(Connections(10, header_seconds=0.3)) as service, service.connect() as connection:
        connection.sendall(start)
        assert closed_within(connection, 5)
        assert service.ask(b"x") == 200


def test_headers_that_arrive_byte_by_byte_do_not_extend_the_deadline() -> None:
    with running(Connections(10, header_seconds=0.5, drain_seconds=0)) as service, service.connect() as connection:
        # A first request is answered, and the next one on the same connection never ends.
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() < began + 5:
                connection.sendall(b"\r\n")
                time.sleep(0.05)
        assert time.monotonic() < began + 3


def test_a_slow_body_is_none_of_its_business() -> None:
    with running(Connections(10, header_seconds=0.2)) as service, service.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        time.sleep(0.5)
        connection.sendall(b"b")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")


def test_connections_are_limited_by_client_and_in_total_and_all_of_them_end() -> None:
    connections = Connections(6, 4)
    with running(connections) as service, ExitStack() as stack:
        opened = [stack.enter_context(service.connect()) for _ in range(8)]
        assert sum(closed_within(connection, 0.3) for connection in opened) == 4
        assert (connections.open, connections.by_client["127.0.0.1"]) == (4, 4)
        stack.close()
        assert eventually(lambda: not connections.open)
        assert not connections.by_client
        assert service.ask(b"x") == 200


def test_clients_are_asked_to_close_before_the_server_ends_and_none_is_cut() -> None:
    failures, answers, stop = [], [], threading.Event()

    def client(port: int) -> None:
        connection, is_open = http.client.HTTPConnection("127.0.0.1", port, timeout=60), False
        while not stop.is_set():
            try:
                connection.request("POST", "/", b"x")
                response = connection.getresponse()
                answers.append(response.read())
                is_open = not response.will_close
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException) as error:
                # A new connection may come too late. An open one that was not asked to close must not be cut.
                if is_open:
                    failures.append(error)
                return

    with running(Connections(50, drain_seconds=0.5)) as service:
        threads = [threading.Thread(target=client, args=(service.port,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(answers) > 100)
        service.server.should_exit = True
        for thread in threads:
            thread.join(20)
        stop.set()
    assert not failures


def test_another_server_starts_and_ends_with_it() -> None:
    bound = bind("127.0.0.1", 0)
    port = bound.getsockname()[1]
    also = Server(Starlette(routes=[Route("/", echo, methods=["POST"])]), bound, Connections(2, drain_seconds=0))
    with running(Connections(1, drain_seconds=0), also=(also,)) as service, service.connect():
        # The first server is full; the second has connections of its own.
        assert Running(also, service.thread, port).ask(b"x") == 200
        assert service.ask(b"x") == 0
    assert Running(also, service.thread, port).ask(b"x") == 0


def test_no_more_connections_than_files() -> None:
    assert affordable_connections(16) == 16
    assert 16 <= affordable_connections(1 << 40) < 1 << 40
