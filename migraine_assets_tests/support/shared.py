"""Files that several tests need and none changes: built once in a test run, whatever the number of worker processes.

What belongs here: where such files lie, and who builds them. Not here: what is built (fixtures and the modules beside
the tests).
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from migraine_assets.stores.locks import file_lock

_FOLDERS: list[Path] = []


def use_folder_of(factory: pytest.TempPathFactory) -> None:
    """Share below the temporary folder of the run, which pytest removes. A worker's own folder is one level deeper."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    _FOLDERS[:] = [folder]


def shared(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name`. The first process that asks fills it by `build`; others wait, and then only read it."""
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
