"""Starting and stopping the service on this machine."""

import signal
import socket
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.support.service import BODY, Service, put_champion
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
        put_champion(service.store, weight=0.01)
        assert eventually(lambda: service.responds("/ready"), patience=20)
        assert service.request("POST", "/predict", BODY)[0] == 200
        assert service.metric("migraine_predictions_total", task="attack", status="ok") == 1
        assert list(tmp_path.rglob("log/predictions/*/*.jsonl")) == []
    finally:
        code = service.stop(signal.SIGINT)
    assert code == 0
    [segment] = tmp_path.rglob("log/predictions/*/*.jsonl")
    assert segment.read_bytes().count(b"\n") == 1
