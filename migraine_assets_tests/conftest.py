"""Fixtures for all tests: homes with real runs, and the location of temporary files.

A run takes seconds, so a trained home is built once and then only read. A test that changes a home works on a copy.
"""

import gc
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from migraine_assets_tests.platform.postgres import records
from migraine_assets_tests.support import shared
from migraine_assets_tests.support.homes import CopyHome, Home, Result, materialize_everything
from migraine_assets_tests.support.small_diary import write_diary

MEMORY = Path("/dev/shm")
LEAST_FREE = 4 * 2**30
RERUN = "rerun.json"
HERE = Path(__file__).parent
_FOLDERS = ("e2e", "platform", "unit", "contract", "benchmarks")  # the longest tests first


def pytest_configure() -> None:
    """Prepare the environment that worker processes and commands inherit.

    Temporary folders are in memory if there is room, because syncing them to a disk takes most of the waiting time.
    Numeric libraries use one thread: workers already share the cores, and waiting threads would waste processor time.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > LEAST_FREE:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that take longest, so that no worker waits for another at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, _FOLDERS.index(item.path.relative_to(HERE).parts[0])))


def pytest_collection_finish() -> None:
    """Exclude the objects of imports from garbage collection: it runs often, and they rarely change."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _shared_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let tests share files between worker processes."""
    shared.use_folder_of(tmp_path_factory)


@pytest.fixture(scope="session")
def trained_home() -> Home:
    """A home after 'Materialize all' in an empty home, without configuration, with a diary in the landing folder.

    `unchanged_rerun` is part of its history. Other worker processes read the same home: use `copy_of` to change it.
    """
    return Home(shared.shared("trained_home", _train))


def _train(folder: Path) -> None:
    home = Home.make(folder)
    write_diary(home.landing / "diary.csv")
    materialize_everything(home)
    (folder / RERUN).write_text(json.dumps(asdict(home.migraine("run"))))


@pytest.fixture(scope="session")
def unchanged_rerun(trained_home: Home) -> Result:
    """`migraine run` in the trained home, on the same landing folder and without changes."""
    return Result(**json.loads((trained_home.root / RERUN).read_text()))


@pytest.fixture(scope="session")
def noisy_home() -> Home:
    """A home after its first run, on a diary of mostly noise. It is read only, like `trained_home`."""
    return Home(shared.shared("noisy_home", _train_on_noise))


def _train_on_noise(folder: Path) -> None:
    home = Home.make(folder)
    write_diary(home.landing / "diary.csv", 4, noise=0.6)
    # An unfinished download is not a diary yet.
    (home.landing / "unfinished.csv.part").write_text("participant_id,da")
    first = home.migraine("run")
    assert first.code == 0, first.text


@pytest.fixture(scope="session")
def copy_of(tmp_path_factory: pytest.TempPathFactory) -> CopyHome:
    """A function that copies a home, so that a test can change the copy. It reuses cached models and writes new
    reports.
    """

    def copied(home: Home) -> Home:
        folder = tmp_path_factory.mktemp("copy")
        shutil.copytree(home.root, folder, dirs_exist_ok=True, symlinks=True)
        records.copy(home.root, folder)
        return Home(folder)

    return copied


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without any runs."""
    return Home.make(tmp_path / "home")
