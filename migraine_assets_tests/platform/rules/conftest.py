"""One service, Prometheus and Alertmanager for all tests of the session that need them."""

import signal
from collections.abc import Iterator

import pytest

from migraine_assets_tests.platform.rules.monitored import Monitored, healthy, shifted
from migraine_assets_tests.platform.rules.rule_files import tool
from migraine_assets_tests.platform.rules.stack import BACKLOG_LIMIT, Stack, running
from migraine_assets_tests.support.service import Service
from migraine_assets_tests.support.waiting import eventually


@pytest.fixture(scope="session")
def healthy_window(tmp_path_factory: pytest.TempPathFactory) -> Monitored:
    """Monitoring results of participants like those of the training data."""
    return healthy(tmp_path_factory.mktemp("healthy"))


@pytest.fixture(scope="session")
def shifted_window(tmp_path_factory: pytest.TempPathFactory) -> Monitored:
    """Monitoring results of participants whose diaries have shifted."""
    return shifted(tmp_path_factory.mktemp("shifted"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A monitored service. Whether it has a champion depends on the previous tests; see `serving` and `unserved`."""
    tool("prometheus")
    folder = tmp_path_factory.mktemp("stack")
    service = Service(folder, ("--plain",), {"SERVING_BACKLOG_LIMIT": str(BACKLOG_LIMIT)})
    try:
        assert eventually(lambda: service.responds("/health")), service.output.read_text()
        with running(folder, service) as stack:
            yield stack
    finally:
        if service.process.poll() is None:
            service.stop(signal.SIGTERM)
