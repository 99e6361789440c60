"""Each variant of an installation, rendered once."""

import json
from typing import Any

import pytest

from migraine_assets_tests.platform.helm.pods import Pod, pods_of
from migraine_assets_tests.platform.helm.rendering import VARIANTS, Manifest, render, values_of


@pytest.fixture(scope="session", params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    """The name of a variant."""
    return str(request.param)


@pytest.fixture(scope="session")
def rendered(variant: str) -> str:
    """The rendered objects as text, so that tests cannot change them."""
    return json.dumps(render(values_of(variant)))


@pytest.fixture
def objects(rendered: str) -> list[Manifest]:
    """The rendered objects."""
    loaded: list[dict[str, Any]] = json.loads(rendered)
    return loaded


@pytest.fixture
def pods(objects: list[Manifest]) -> list[Pod]:
    """The pods, including those of runs and of Ray."""
    return pods_of(objects)
