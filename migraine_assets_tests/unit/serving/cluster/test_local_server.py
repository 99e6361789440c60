import signal
import socket
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.support.service import BODY, Service, put_champion
from migraine_assets_tests.support.waiting import eventually
from serving.cluster.local_server import refuse_unusable
from serving.settings import ServingSettings


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match="migraine serve --port"),
    ):
        refuse_unusable(ServingSettings(port=taken.getsockname()[1]))


def test_an_open_door_to_the_network_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SERVING_API_KEYS_REQUIRED"):
        refuse_unusable(ServingSettings(host="0.0.0.0"))


def test_without_ray_it_serves_too_and_ends_with_everything_written(tmp_path: Path) -> None:
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
