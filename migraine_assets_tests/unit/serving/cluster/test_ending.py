"""Shutdown of the service without Ray, as in a rolling update of a Deployment."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from migraine_assets_tests.support.service import Service, put_champion
from migraine_assets_tests.support.waiting import eventually

PARTICIPANTS = 1000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path, ("--plain",))
    put_champion(service.store, weight=0.01)
    try:
        assert eventually(lambda: service.responds("/ready")), service.output.read_text()
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


def _batch() -> bytes:
    days = [{"date": f"2026-03-{day:02d}", "stress_level": 5, "migraine_occurrence": 0} for day in range(1, 29)]
    items = [{"participant_id": f"P{k}", "entries": days} for k in range(PARTICIPANTS)]
    content = json.dumps({"items": items}).encode()
    head = (
        "POST /predict/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content


def test_an_ongoing_request_is_answered_and_logged_during_shutdown(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        body = _batch()
        # All but the last byte: the service has received the request but cannot have answered it.
        connection.sendall(body[:-1])
        service.process.send_signal(signal.SIGTERM)
        connection.sendall(body[-1:])
        answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    items = json.loads(answer.partition(b"\r\n\r\n")[2])["items"]
    assert len(items) == PARTICIPANTS
    assert service.process.wait(60) == 0
    logged = b"".join(path.read_bytes() for path in (service.home / "store" / "log" / "predictions").rglob("*.jsonl"))
    assert items[-1]["result"]["prediction_id"].encode() in logged


def test_after_shutdown_no_request_is_accepted_and_the_port_is_free(service: Service) -> None:
    assert service.stop(signal.SIGTERM) == 0
    assert service.request("GET", "/health")[0] == 0
    following = Service(service.home, ("--plain",), port=service.port)
    try:
        assert eventually(lambda: following.responds("/ready")), following.output.read_text()
    finally:
        assert following.stop(signal.SIGTERM) == 0
