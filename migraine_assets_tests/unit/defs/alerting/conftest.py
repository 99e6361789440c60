"""An alerting daemon without a history, and a receiver of its notifications."""

import gc
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.receivers import webhook
from migraine_assets_tests.support.shared import shared
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon


def _create_tables(folder: Path) -> None:
    """Create an instance without runs once, because creating its tables takes longer than many tests."""
    with Home.make(folder / "home").entered(), open_instance(Settings()):
        pass


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """A daemon in which everything is real except the clock."""
    shutil.copytree(shared("instance", _create_tables) / "home" / "dagster", home.root / "dagster")
    with home.entered(), open_instance(Settings()) as instance, webhook() as receiver:
        yield Daemon(home, instance, receiver)
        with warnings.catch_warnings():
            # Dagster leaves objects of failed runs to the garbage collector. Collect them while the instance that they
            # reset is open, and without the warnings that they raise.
            warnings.simplefilter("ignore")
            gc.collect()
