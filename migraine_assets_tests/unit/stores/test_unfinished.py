"""Leftovers of killed writers are removed; files of running writers are not."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from migraine_assets.stores.store import Store
from migraine_assets.stores.unfinished import leftovers, sweep, unfinished_file, unfinished_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from migraine_assets.stores.unfinished import unfinished_file, unfinished_folder
path = Path(sys.argv[1])
with unfinished_file(path / "diary", b"P-1"), unfinished_folder(path / "report", {"page": b"P-1"}):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def abandoned(tmp_path: Path) -> Path:
    """Return a folder with the leftovers of a killed process, and a finished file."""
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], check=False)
    assert ended.returncode == -signal.SIGKILL
    (tmp_path / "a" / "kept").write_bytes(b"")
    return tmp_path


def test_what_a_killed_writer_left_is_found_and_swept(abandoned: Path) -> None:
    paths = leftovers(abandoned)
    assert sorted(path.name.split(".")[1] for path in paths) == ["diary", "report"]
    assert leftovers(abandoned) == paths, "finding removes nothing"
    assert sorted(sweep(abandoned)) == sorted(paths)
    assert [path.name for path in (abandoned / "a").iterdir()] == ["kept"]


def test_the_files_of_a_living_writer_stay(tmp_path: Path) -> None:
    with unfinished_file(tmp_path / "diary", b"x") as file, unfinished_folder(tmp_path / "r", {"p": b"x"}) as folder:
        assert sweep(tmp_path) == []
        os.replace(file, tmp_path / "diary")
        folder.rename(tmp_path / "r")
    assert (tmp_path / "diary").read_bytes() == b"x"
    assert (tmp_path / "r" / "p").read_bytes() == b"x"
    assert leftovers(tmp_path) == []


def test_writing_and_sweeping_at_once_loses_nothing(tmp_path: Path) -> None:
    """A file may be swept between its creation and its lock; the writer then creates it again."""
    store, stop = Store(str(tmp_path)), threading.Event()

    def sweeping() -> None:
        while not stop.is_set():
            sweep(tmp_path)

    thread = threading.Thread(target=sweeping)
    thread.start()
    try:
        for number in range(100):
            store.write("pointer", b"%d" % number)
            assert store.write_folder(f"bundles/{number}", {"model": b"m"})
            assert store.read("pointer") == b"%d" % number
    finally:
        stop.set()
        thread.join()
    assert store.list("bundles/7") == ["model"]


def test_names_of_earlier_versions_are_swept_and_other_hidden_files_are_not(tmp_path: Path) -> None:
    (tmp_path / f".building-{'0' * 32}").mkdir()
    (tmp_path / ".2026-03-01.html.new").touch()
    (tmp_path / f".latest.{'a' * 32}").symlink_to("gone")
    for name in (".lock", ".run.lock", ".gitignore"):
        (tmp_path / name).touch()
    assert len(sweep(tmp_path)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", ".lock", ".run.lock"]
