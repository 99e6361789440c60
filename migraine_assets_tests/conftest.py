"""Homes of state in which the platform has really run, shared by the tests that only look at them.

A run takes seconds, so each of these is made once in a session. A test that changes a home works on a copy.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from migraine_assets_tests.platform.postgres import records
from migraine_assets_tests.support.homes import Home, materialize_everything
from migraine_assets_tests.support.small_diary import write_diary

MEMORY = Path("/dev/shm")
LEAST_FREE = 4 * 2**30


def pytest_configure() -> None:
    """Keep temporary folders in memory where there is room: most of a run's waiting is for the disk's promises."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > LEAST_FREE:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home after 'Materialize all' from nothing, without configuration, on a diary in the landing folder."""
    home = Home.make(tmp_path_factory.mktemp("trained"))
    write_diary(home.landing / "diary.csv")
    materialize_everything(home)
    return home


@pytest.fixture(scope="session")
def copy_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Home], Home]:
    """Copies a home to change the copy. Its models are remembered there, its reports are made anew."""

    def copied(home: Home) -> Home:
        folder = tmp_path_factory.mktemp("copy")
        shutil.copytree(home.root, folder, dirs_exist_ok=True, symlinks=True)
        records.copy(home.root, folder)
        return Home(folder)

    return copied


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which nothing happened yet."""
    return Home.make(tmp_path / "home")
