"""Starting and stopping the service on this machine."""

import http.client
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.service import BODY, Service, put_champion
from migraine_assets_tests.support.sockets import reachable_from_elsewhere
from migraine_assets_tests.support.waiting import eventually
from serving.local_server import check_address
from serving.settings import ServingSettings


def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match="migraine serve --port"),
    ):
        check_address(ServingSettings(port=taken.getsockname()[1]))


def test_a_network_address_without_keys_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SERVING_API_KEYS_REQUIRED"):
        check_address(ServingSettings(host="0.0.0.0"))


def test_without_ray_it_serves_and_writes_the_log_when_it_stops(tmp_path: Path) -> None:
    service = Service(tmp_path, ("--plain",), {"SERVING_FLUSH_SECONDS": "600"})
    try:
        assert eventually(lambda: service.responds("/health"))
        assert service.responds("/ready", status=503)
        assert reachable_from_elsewhere(service.process.pid) == []
        put_champion(service.store, weight=0.01)
        assert eventually(lambda: service.responds("/ready"))
        assert service.request("POST", "/predict", BODY)[0] == 200
        assert service.metric("migraine_predictions_total", task="attack", status="ok") == 1
        assert list(tmp_path.rglob("log/predictions/*/*.jsonl")) == []
    finally:
        code = service.stop(signal.SIGINT)
    assert code == 0
    [segment] = tmp_path.rglob("log/predictions/*/*.jsonl")
    assert segment.read_bytes().count(b"\n") == 1


def test_idle_connections_and_slow_bodies_stop_neither_the_service_nor_its_probes(tmp_path: Path) -> None:
    """The service runs without Ray here."""
    health = free_port()
    limits = {
        "SERVING_HEALTH_PORT": str(health),
        "SERVING_MAX_CONNECTIONS": "96",
        "SERVING_MAX_CLIENT_CONNECTIONS": "64",
    }
    service = Service(tmp_path, ("--plain",), limits)
    put_champion(service.store, weight=0.01)
    try:
        assert eventually(lambda: service.responds("/ready"))
        with ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(40)]
            for connection in slow:
                connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            assert service.request("POST", "/predict", BODY)[0] == 200
            # More connections than one address may have.
            idle = [stack.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(40)]
            assert len(idle) == 40
            assert (ask(health, "/health"), ask(health, "/ready"), ask(health, "/predict")) == (200, 200, 404)
            # Another address of this machine.
            assert eventually(lambda: ask(service.port, "/health", source="127.0.0.2") == 200)
    finally:
        service.stop(signal.SIGTERM)


def ask(port: int, path: str, *, source: str = "127.0.0.1") -> int:
    """Return the status of one GET from the address `source` of this machine, 0 if there is no response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
