"""A daemon with nothing in its past, and a receiver that hears it."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.receivers import webhook
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """Everything is real but the clock."""
    with home.entered(), open_instance(Settings()) as instance, webhook() as receiver:
        yield Daemon(home, instance, receiver)
        with warnings.catch_warnings():
            # What Dagster leaves of failed runs to the collector warns there, and gives back what an instance has set:
            # that must happen while the instance is there, and not within another test.
            warnings.simplefilter("ignore")
            gc.collect()
