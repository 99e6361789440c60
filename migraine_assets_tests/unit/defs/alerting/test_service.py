"""Alerts on a service, scraped over HTTP: rates, restarts, refused bundles, no response."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from migraine_assets.defs.alerting.service import decode_cursor, encode_cursor
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon
from serving.metrics.registry import Metrics
from serving.metrics.shared_counts import ModelInfo
from serving.metrics.side_port import SidePort

NAME = "alert_service"
MODEL = ModelInfo("attack", "champion", "xgboost", "0123456789abcdef", "v1")


@dataclass
class Service:
    """The metrics and the side port of a service whose requests are counted by hand."""

    folder: Path
    port: int
    starts: int = 0
    _running: list[tuple[Metrics, SidePort]] = field(default_factory=list)

    def start(self) -> None:
        """Start a process with new counters."""
        self.starts += 1
        metrics = Metrics(self.folder / str(self.starts))
        metrics.set_model_info([MODEL])
        side_port = SidePort(metrics, host="127.0.0.1", port=self.port)
        self._running.append((metrics, side_port))
        assert eventually(lambda: side_port.serving)

    def stop(self) -> None:
        """End the process."""
        metrics, side_port = self._running.pop()
        side_port.close()
        metrics.close()

    @property
    def metrics(self) -> Metrics:
        """The metrics of the running process."""
        return self._running[-1][0]

    def answer(self, good: int, bad: int = 0, *, seconds: float = 0.02) -> None:
        """Count requests."""
        for status, count in ((200, good), (500, bad)):
            for _ in range(count):
                self.metrics.count_request("POST", "/v1/predict", status)
                self.metrics.observe_latency(seconds)


@pytest.fixture
def service(tmp_path: Path, daemon: Daemon) -> Iterator[Service]:
    """A service whose URL the daemon knows."""
    one = Service(tmp_path / "metrics", free_port())
    daemon.extra = {"MIGRAINE_SERVICE_URL": f"http://127.0.0.1:{one.port}"}
    one.start()
    yield one
    while one._running:
        one.stop()


def tick(daemon: Daemon) -> str:
    daemon.wait(minutes=1)
    return daemon.evaluate(NAME)


def test_an_alert_on_the_error_rate_names_the_model(daemon: Daemon, service: Service) -> None:
    tick(daemon)
    service.answer(90, 10)
    tick(daemon)
    (message,) = daemon.receiver.accepted
    assert message["title"] == "Error rate too high: service (critical)"
    assert "10.0% of 100 responses in the last 5 minutes were server errors. The limit is 5%." in message["message"]
    assert "Model: attack xgboost 0123456789ab" in message["message"]


def test_five_percent_of_errors_raise_no_alert(daemon: Daemon, service: Service) -> None:
    tick(daemon)
    service.answer(95, 5)
    assert tick(daemon) == "100 requests in the last 5 minutes, 5.0% failed, p95 0.02 s."
    assert daemon.receiver.accepted == []


def test_errors_before_the_first_evaluation_raise_no_alert(daemon: Daemon, service: Service) -> None:
    service.answer(0, 1000)
    tick(daemon)
    tick(daemon)
    assert daemon.receiver.accepted == []


def test_an_error_rate_is_resolved_after_ten_minutes_within_the_limit(daemon: Daemon, service: Service) -> None:
    tick(daemon)
    service.answer(0, 50)
    for _ in range(6 + 12):
        tick(daemon)
        service.answer(100)
    assert daemon.receiver.titles == [
        "Error rate too high: service (critical)",
        "Resolved: Error rate too high: service",
    ]


def test_high_latency_raises_an_alert(daemon: Daemon, service: Service) -> None:
    tick(daemon)
    service.answer(94)
    service.answer(30, seconds=3.0)
    tick(daemon)
    assert daemon.receiver.titles == ["Latency too high: service (critical)"]


def test_latency_beyond_the_last_bucket_raises_an_alert(daemon: Daemon, service: Service) -> None:
    tick(daemon)
    service.answer(30, seconds=60.0)
    tick(daemon)
    assert "was beyond the histogram's last bound" in daemon.receiver.accepted[0]["message"]


def test_a_restart_of_the_service_neither_raises_nor_hides_an_alert(daemon: Daemon, service: Service) -> None:
    service.answer(1000, 40)
    tick(daemon)
    service.stop()
    service.start()
    service.answer(70, 30)
    tick(daemon)
    assert "30.0% of 100 responses" in daemon.receiver.accepted[0]["message"]


def test_a_refused_bundle_raises_an_alert_until_another_one_is_loaded(daemon: Daemon, service: Service) -> None:
    service.metrics.set_model_info([MODEL], problems=1)
    tick(daemon)
    tick(daemon)
    service.metrics.set_model_info([MODEL], problems=0)
    tick(daemon)
    assert daemon.receiver.titles == [
        "Model bundle refused: service (critical)",
        "Resolved: Model bundle refused: service",
    ]


def test_a_service_is_down_at_the_second_failure_and_resolved_after_the_settling_time(
    daemon: Daemon, service: Service
) -> None:
    tick(daemon)
    service.stop()
    assert "returned no metrics" in tick(daemon)
    assert daemon.receiver.accepted == []
    tick(daemon)
    assert daemon.receiver.titles == ["Service down: service (critical)"]
    service.start()
    for _ in range(3):
        tick(daemon)
    assert daemon.receiver.titles[1:] == ["Resolved: Service down: service"]


def test_a_service_without_a_model_is_down(daemon: Daemon, service: Service) -> None:
    service.metrics.set_model_info([], ready=False)
    tick(daemon)
    tick(daemon)
    assert "no replica holds a model" in daemon.receiver.accepted[0]["message"]


def test_without_a_response_no_alert_of_the_service_is_resolved(daemon: Daemon, service: Service) -> None:
    tick(daemon)
    service.answer(0, 50)
    tick(daemon)
    service.stop()
    for _ in range(15):
        tick(daemon)
    assert ("error_rate", "service") in daemon.open()


def test_another_server_at_the_address_is_not_the_service(daemon: Daemon) -> None:
    daemon.extra = {"MIGRAINE_SERVICE_URL": daemon.receiver.url.replace("json://", "http://")}
    assert "returned no metrics" in tick(daemon)


def test_without_an_address_nothing_is_evaluated(daemon: Daemon) -> None:
    assert "MIGRAINE_SERVICE_URL is not set" in tick(daemon)


def test_a_cursor_round_trips_and_an_invalid_one_is_empty(daemon: Daemon, service: Service) -> None:
    service.answer(5, 5)
    tick(daemon)
    memory = decode_cursor(daemon.cursors[NAME] or "")
    assert decode_cursor(encode_cursor(memory)) == memory
    assert len(memory.readings) == 1
    for damaged in ("", "{", "[]", '{"misses": 1}', '{"misses": 1, "readings": [{"when": "x", "values": []}]}'):
        assert decode_cursor(damaged).readings == ()
