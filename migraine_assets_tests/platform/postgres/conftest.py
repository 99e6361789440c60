"""A PostgreSQL server for all tests of this folder. Each test creates its own databases."""

from collections.abc import Iterator

import pytest

from migraine_assets_tests.platform.postgres.server import Postgres, missing, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """The running server."""
    if reason := missing():
        pytest.skip(reason)
    with postgres() as running:
        yield running
