"""One PostgreSQL for all tests here, each of which makes databases of its own in it."""

from collections.abc import Iterator

import pytest

from migraine_assets_tests.platform.postgres.server import Postgres, missing, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """The server, running."""
    if reason := missing():
        pytest.skip(reason)
    with postgres() as found:
        yield found
