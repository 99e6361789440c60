"""HAProxy with the configuration that Ray generates and the front changes, before a server in place of a replica.

Whatever a client does, small requests, bulk requests of other clients and probes must be answered.
"""

import asyncio
import http.client
import json
import os
import resource
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.serving.test_deployment import import_quietly
from serving.cluster import haproxy_front
from serving.cluster.draining import drain
from serving.cluster.haproxy_front import BULK_CLIENTS, MARK
from serving.cluster.ray_environment import HAPROXY_SOCKET, free_ports, front
from serving.http_server import Connections, Server, bind
from serving.settings import ServingSettings

SMALL, BULK = b"{}", b" " * 100_000


@dataclass
class Front:
    """A running HAProxy. `release` ends the requests for /wait."""

    host: str
    port: int
    probes: int
    folder: Path
    process: "subprocess.Popen[bytes]"
    release: threading.Event

    def ask(
        self,
        path: str = "/predict",
        body: bytes | None = None,
        *,
        source: str | None = None,
        probe: bool = False,
        forwarded: str | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of a response to the address `source`. The status is 0 if there is none."""
        port = self.probes if probe else self.port
        own = (source, 0) if source else None
        connection = http.client.HTTPConnection(self.host, port, timeout=20, source_address=own)
        try:
            headers = {"X-Forwarded-For": forwarded} if forwarded else {}
            connection.request("POST" if body else "GET", path, body, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        except (OSError, http.client.HTTPException):
            return 0, {}, b""
        finally:
            connection.close()

    def serves(self) -> dict[str, int]:
        """Return the statuses that must be 200 during any attack."""
        return {
            "small": self.ask(body=SMALL)[0],
            "bulk of another client": self.ask(body=BULK, source="127.0.0.9")[0],
            "health": self.ask("/health")[0],
            "probe": self.ask("/ready", probe=True)[0],
        }

    def connect(self) -> socket.socket:
        """Open a new connection."""
        return socket.create_connection((self.host, self.port), timeout=20)


def unharmed() -> dict[str, int]:
    return {"small": 200, "bulk of another client": 200, "health": 200, "probe": 200}


def generated(folder: Path, port: int, replicas: list[int]) -> Path:
    """Return the configuration that Ray writes for these replicas."""
    haproxy = import_quietly("ray.serve._private.haproxy")
    options = import_quietly("ray.serve.config").HTTPOptions(host="127.0.0.1", port=port)
    config = haproxy.HAProxyConfig(
        http_options=options,
        has_received_routes=True,
        has_received_servers=True,
        is_head=True,
        metrics_enabled=False,
        nbthread=1,
        socket_path=str(folder / HAPROXY_SOCKET),
        server_state_base=str(folder),
        server_state_file=str(folder / "server-state"),
        # Long enough for a client that the machine does not let run for a while.
        close_spread_time_s=5,
    )
    servers = [haproxy.ServerConfig(f"r{k}", "127.0.0.1", replica) for k, replica in enumerate(replicas)]
    backend = haproxy.BackendConfig(name="app", path_prefix="/", app_name="app", servers=servers)
    path = folder / "haproxy.cfg"
    haproxy.HAProxyApi(config, {"app": backend}, config_file_path=str(path))._generate_config_file_internal()
    return path


def replica_app(release: threading.Event) -> Starlette:
    """Respond to every path, but to /wait only once `release` is set."""

    async def answer(request: Request) -> JSONResponse:
        size = len(await request.body())
        while request.url.path == "/wait" and not release.is_set():
            await asyncio.sleep(0.01)
        return JSONResponse({"forwarded": request.headers.getlist("x-forwarded-for"), "size": size})

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


@contextmanager
def running(folder: Path, **changes: Any) -> Iterator[Front]:
    """Run HAProxy in front of one replica, with settings as `changes`."""
    port, probes = free_ports(2)
    settings = ServingSettings(**{"port": port, "health_port": probes, **changes})
    bound, release = bind("127.0.0.1", 0), threading.Event()
    replica = Server(replica_app(release), bound, Connections(1000, drain_seconds=0))
    thread = threading.Thread(target=replica.run)
    thread.start()
    config = generated(folder, port, [bound.getsockname()[1]])
    variables = front(settings, address=settings.address(port))
    command = (variables["RAY_SERVE_HAPROXY_BINARY_PATH"], "-db", "-f", str(config), "-dR")
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | variables, stdout=output, stderr=output)
    started = Front(settings.host, port, probes, folder, process, release)
    try:
        assert eventually(lambda: started.ask("/ready")[0] == 200, patience=20), (folder / "output").read_text()
        yield started
    finally:
        release.set()
        process.kill()
        process.wait()
        replica.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """HAProxy with the default settings."""
    with running(tmp_path_factory.mktemp("front")) as started:
        yield started


@pytest.fixture
def many_files() -> Iterator[int]:
    """As many connections as this process may open, at most 4,100."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else 1 << 16
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), hard))
    yield min(4100, most // 4)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_thousands_of_idle_connections_stop_nothing(usual: Front, many_files: int) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(usual.connect()) for _ in range(many_files)]
        assert len(opened) == many_files
        assert usual.serves() == unharmed()


@pytest.mark.parametrize(
    "start",
    [
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n{" + b" " * 15_000,
        b"POST /predict/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b" " * 60_000,
        b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n" + b" " * 60_000,
        b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Half: ",
    ],
    ids=["small body", "large headers", "bulk body", "chunked body", "expect", "headers"],
)
def test_forty_requests_that_never_end_stop_nothing(usual: Front, start: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(usual.connect()).sendall(start)
        assert usual.serves() == unharmed()
        assert usual.serves() == unharmed()


def test_connections_of_one_address_are_limited(tmp_path: Path) -> None:
    with running(tmp_path, max_client_connections=8) as limited, ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(limited.connect())
        assert eventually(lambda: limited.ask(body=SMALL)[0] == 0, patience=5)
        assert limited.ask(body=SMALL, source="127.0.0.9")[0] == 200
        assert limited.ask("/health", probe=True)[0] == 200


def test_behind_a_trusted_proxy_its_address_is_no_limit_and_its_header_stays(tmp_path: Path) -> None:
    with (
        running(tmp_path, max_client_connections=1, trust_forwarded=True) as trusting,
        trusting.connect(),
        trusting.connect(),
    ):
        status, _, content = trusting.ask(body=SMALL, forwarded="192.0.2.1")
    assert (status, json.loads(content)["forwarded"]) == (200, ["192.0.2.1"])


def test_a_client_cannot_choose_its_address(usual: Front) -> None:
    lines = b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n"
    with usual.connect() as connection:
        connection.sendall(b"GET /predict HTTP/1.1\r\nHost: x\r\n" + lines + b"Connection: close\r\n\r\n")
        response = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert json.loads(response.partition(b"\r\n\r\n")[2])["forwarded"] == ["127.0.0.1"]


def test_beyond_slots_and_queue_it_refuses_by_itself_and_probes_are_answered(tmp_path: Path) -> None:
    answers: list[tuple[int, dict[str, str], bytes]] = []
    with running(tmp_path, max_ongoing_requests=2, max_queued_requests=3) as small:
        threads = [threading.Thread(target=lambda: answers.append(small.ask("/wait"))) for _ in range(12)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(answers) >= 6, patience=10)
        assert small.ask("/health")[0] == small.ask("/health", probe=True)[0] == 200
        small.release.set()
        for thread in threads:
            thread.join()
    refused = [answer for answer in answers if answer[0] == 503]
    assert sorted(answer[0] for answer in answers) == [200] * 6 + [503] * 6
    _, headers, content = refused[0]
    assert (headers["retry-after"], headers["content-type"]) == ("1", "application/problem+json")
    assert json.loads(content)["type"] == "urn:migraine:problem:overloaded"


def test_one_client_does_not_take_all_bulk_slots(tmp_path: Path) -> None:
    statuses: list[int] = []
    with running(tmp_path, max_ongoing_requests=4) as few:
        threads = [threading.Thread(target=lambda: statuses.append(few.ask("/wait", BULK)[0])) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(statuses) == 5, patience=10)
        assert few.serves() == unharmed()
        few.release.set()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] * 3 + [503] * 5


def test_the_port_for_probes_answers_nothing_else(usual: Front) -> None:
    paths = haproxy_front.PROBES.split()
    assert {usual.ask(path, probe=True)[0] for path in paths} == {200}
    assert usual.ask("/-/healthz", probe=True)[0] == 200
    assert usual.ask("/predict", SMALL, probe=True)[0] == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_it_listens_on_its_address_only(tmp_path: Path, host: str) -> None:
    with running(tmp_path, host=host, health_port=0) as single:
        assert single.ask("/health")[0] == single.ask(body=SMALL)[0] == 200
        sockets = psutil.Process(single.process.pid).net_connections("inet")
    assert [tuple(each.laddr) for each in sockets if not each.raddr] == [(host, single.port)]


def test_a_restart_with_the_same_file_changes_nothing(usual: Front) -> None:
    config = (usual.folder / "haproxy.cfg").read_text()
    variables = front(ServingSettings(), address=None)
    command = (variables["RAY_SERVE_HAPROXY_BINARY_PATH"], "-c", "-f", str(usual.folder / "haproxy.cfg"))
    checked = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr, "HAProxy doubts the configuration"
    assert config.startswith(MARK)
    assert (usual.folder / "haproxy.cfg").read_text() == config
    assert config.count(f"backend {BULK_CLIENTS}") == 1


def test_it_drains_without_cutting_a_request(tmp_path: Path) -> None:
    failures: list[Exception] = []
    answered: list[int] = []

    def client(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            while True:
                connection.request("POST", "/predict", SMALL)
                response = connection.getresponse()
                response.read()
                answered.append(response.status)
        except ConnectionRefusedError:
            return
        except (OSError, http.client.HTTPException) as error:
            failures.append(error)

    with running(tmp_path) as ending:
        threads = [threading.Thread(target=client, args=(ending.port,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(answered) > 100, patience=20)
        threading.Thread(target=ending.process.wait).start()
        assert drain(tmp_path / HAPROXY_SOCKET, seconds=20)
        for thread in threads:
            thread.join()
    assert not failures
    assert set(answered) == {200}


def test_there_is_nothing_to_drain_without_haproxy(tmp_path: Path) -> None:
    assert drain(tmp_path / "nothing.sock", seconds=0)
