import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.waiting import eventually
from serving.metrics import side_port
from serving.metrics.registry import Metrics
from serving.metrics.side_port import SidePort


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    with closing(Metrics(tmp_path)) as opened:
        yield opened


def scraped(port: int, *, accept: str = "*/*") -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=60) as response:
        content: bytes = response.read()
    return content.decode()


def test_the_port_serves_the_metrics(metrics: Metrics) -> None:
    port = free_port()
    with closing(SidePort(metrics, host="127.0.0.1", port=port)) as one:
        assert eventually(lambda: one.serving)
        metrics.count_abstentions(1)
        assert "migraine_abstentions_total 1.0" in scraped(port)


def test_the_text_and_the_openmetrics_format_hold_the_same_samples(metrics: Metrics) -> None:
    metrics.count_request("POST", "/predict", 200)
    metrics.observe_latency(0.02)
    port = free_port()
    with closing(SidePort(metrics, host="127.0.0.1", port=port)) as one:
        assert eventually(lambda: one.serving)
        text = text_string_to_metric_families(scraped(port))
        opened = openmetrics.text_string_to_metric_families(
            scraped(port, accept="application/openmetrics-text; version=1.0.0")
        )
        samples = [
            {(s.name, *s.labels.items()): s.value for f in families for s in f.samples} for families in (text, opened)
        ]
    assert samples[0] == samples[1]
    assert samples[0]["migraine_prediction_latency_seconds_count",] == 1


def test_another_replica_takes_over_when_the_one_with_the_port_ends(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_port, "RETRY_SECONDS", 0.05)
    port = free_port()
    one = SidePort(metrics, host="127.0.0.1", port=port)
    assert eventually(lambda: one.serving)
    with closing(SidePort(metrics, host="127.0.0.1", port=port)) as two:
        assert not two.serving
        one.close()
        assert not one.serving
        assert eventually(lambda: two.serving)
        assert "migraine_replicas 1.0" in scraped(port)


def test_idle_connections_cost_no_threads_and_are_limited(metrics: Metrics) -> None:
    port = free_port()
    with closing(SidePort(metrics, host="127.0.0.1", port=port)) as one:
        assert eventually(lambda: one.serving)
        before = threading.active_count()
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * side_port.CONNECTIONS_PER_CLIENT)]
        dropped = [connection for connection in idle if _is_closed(connection)]
        assert len(dropped) == 2 * side_port.CONNECTIONS_PER_CLIENT
        assert threading.active_count() == before
        for connection in idle:
            connection.close()
        assert eventually(lambda: _answers(port))


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.2)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def _answers(port: int) -> bool:
    try:
        return "migraine_replicas" in scraped(port)
    except OSError:
        return False
