"""Files that several tests need and none changes, built once in a test run for all worker processes.

Here belong the location of such files, and the choice of the process that builds them. Not here: their content
(fixtures and the modules beside the tests).
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from migraine_assets.stores.locks import file_lock

_FOLDERS: list[Path] = []


def use_folder_of(factory: pytest.TempPathFactory) -> None:
    """Share files below the temporary folder of the run, which pytest removes. A worker's own folder is one level
    deeper.
    """
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    _FOLDERS[:] = [folder]


def shared(name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder `name`. The first process that requests it fills it with `build`; others wait for it."""
    assert _FOLDERS, "Shared files exist while tests run, not while they are collected."
    folder, complete = _FOLDERS[0] / name, _FOLDERS[0] / f"{name}.complete"
    with file_lock(_FOLDERS[0] / f"{name}.lock"):
        if not complete.exists():
            # Left by a process whose build failed.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            complete.touch()
    return folder
