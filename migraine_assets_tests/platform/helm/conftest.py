"""Each way to install the chart, rendered once."""

import json
from typing import Any

import pytest

from migraine_assets_tests.platform.helm.pods import Pod, pods_of
from migraine_assets_tests.platform.helm.rendering import WAYS, Manifest, render, values_of


@pytest.fixture(scope="session", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """The name of one way to install."""
    return str(request.param)


@pytest.fixture(scope="session")
def rendered(way: str) -> str:
    """Its objects as text, so that no test changes them for another."""
    return json.dumps(render(values_of(way)))


@pytest.fixture
def found(rendered: str) -> list[Manifest]:
    """Its objects."""
    loaded: list[dict[str, Any]] = json.loads(rendered)
    return loaded


@pytest.fixture
def pods(found: list[Manifest]) -> list[Pod]:
    """Its pods, those of runs and of Ray too."""
    return pods_of(found)
