import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.waiting import eventually
from serving.metrics import side_port
from serving.metrics.registry import Metrics
from serving.metrics.side_port import Exporter


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    with closing(Metrics(tmp_path)) as opened:
        yield opened


def scraped(port: int, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        content: bytes = answer.read()
    return content.decode()


def test_it_shows_the_metrics_and_nothing_else(metrics: Metrics) -> None:
    port = free_port()
    with closing(Exporter(metrics, host="127.0.0.1", port=port)) as one:
        assert eventually(lambda: one.serving, patience=10)
        metrics.count_abstentions(1)
        assert "migraine_abstentions_total 1.0" in scraped(port)
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            scraped(port, "/")
        refused.value.close()


def test_when_the_one_with_the_port_ends_another_takes_over(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_port, "RETRY_SECONDS", 0.05)
    port = free_port()
    one = Exporter(metrics, host="127.0.0.1", port=port)
    assert eventually(lambda: one.serving, patience=10)
    with closing(Exporter(metrics, host="127.0.0.1", port=port)) as two:
        assert not two.serving
        one.close()
        assert eventually(lambda: two.serving, patience=10)
        assert "migraine_replicas 1.0" in scraped(port)
