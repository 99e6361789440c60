"""Locks between processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.locks import LockHeld, acquire, file_lock, release

ADDING = """
import sys
from pathlib import Path
from migraine_assets.stores.locks import file_lock
total = Path(sys.argv[1])
for _ in range(100):
    with file_lock(total.with_suffix(".lock")):
        total.write_text(str(int(total.read_text()) + 1))
"""


def test_processes_take_turns(tmp_path: Path) -> None:
    total = tmp_path / "total"
    total.write_text("0")
    adding = [subprocess.Popen([sys.executable, "-c", ADDING, str(total)]) for _ in range(3)]
    assert [process.wait() for process in adding] == [0, 0, 0]
    assert total.read_text() == "300"


def test_a_lock_whose_holder_was_killed_is_free(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from migraine_assets.stores.locks import file_lock\n"
        "with file_lock(Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "lock")], check=False)
    with file_lock(tmp_path / "lock"):
        pass


def test_a_held_lock_is_not_waited_for_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with file_lock(path), pytest.raises(LockHeld, match="is locked by another process"), file_lock(path, wait=False):
        pass
    with file_lock(path, wait=False):
        pass


def test_an_open_file_is_locked_until_it_is_released_or_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("ab") as one, path.open("ab") as other:
        assert acquire(one)
        assert not acquire(other, wait=False)
        release(one)
        assert acquire(other, wait=False)
    with path.open("ab") as again:
        assert acquire(again, wait=False)


def test_a_file_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be locked"), file_lock(tmp_path / "file" / "lock"):
        pass
