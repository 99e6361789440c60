"""The rate limit behind Ray's HAProxy uses the real client address."""

import http.client
import signal
from collections.abc import Iterator

import pytest

from migraine_assets_tests.support.service import BODY, Service, put_champion
from migraine_assets_tests.support.waiting import eventually

pytestmark = pytest.mark.slow

BURST = 3
# Another address than 127.0.0.1, where Ray itself listens.
HOST = "127.0.0.5"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    limits = {"SERVING_MAX_REPLICAS": "1", "SERVING_RATE_LIMIT": "0.01", "SERVING_RATE_BURST": str(BURST)}
    running = Service(tmp_path_factory.mktemp("limited"), environment=limits, host=HOST)
    put_champion(running.store, weight=0.01)
    try:
        assert eventually(lambda: running.process.poll() is not None or running.responds("/ready"))
        yield running
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)


def ask(service: Service, source: str, **headers: str) -> int:
    """Return the status of a prediction that `source`, an address of this machine, requests."""
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30, source_address=(source, 0))
    try:
        connection.request("POST", "/predict", BODY, {"content-type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_each_address_has_a_limit_of_its_own(service: Service) -> None:
    for source in ("127.0.0.2", "127.0.0.3"):
        assert [ask(service, source) for _ in range(BURST + 1)] == [200] * BURST + [429]


def test_a_forged_forwarded_header_changes_nothing(service: Service) -> None:
    statuses = [ask(service, "127.0.0.4", **{"X-Forwarded-For": f"192.0.2.{k}"}) for k in range(BURST + 1)]
    assert statuses == [200] * BURST + [429]
