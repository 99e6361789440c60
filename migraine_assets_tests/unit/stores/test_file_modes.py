"""Other users cannot read the files of the platform, whatever the umask."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from migraine_assets.stores.alerts.log import append
from migraine_assets.stores.file_modes import close_to_others, readable_by_others, restrict
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.signing_secret import PATH, shared_secret
from migraine_assets.stores.store import Store

NOBODY = 65534


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    restrict(group=False)
    os.umask(before)


def _write_everything(home: Path) -> None:
    store = Store(str(home / "store"))
    store.write("a/diary", b"P-1")
    store.create("b/c/1", b"P-1")
    store.write_folder("bundles/x", {"model": b"P-1"})
    shared_secret(store)
    target = segments(store, "predictions", segment_bytes=100)
    target.write("2026-03-01", b"P-1\n")
    target.close()
    append(home / "alerts.log", [{"a": 1}])
    with file_lock(home / "locks" / ".lock"):
        pass


def _modes(root: Path) -> set[tuple[str, str]]:
    paths = [root, *root.rglob("*")]
    return {("folder" if path.is_dir() else "file", oct(stat.S_IMODE(path.stat().st_mode))) for path in paths}


def test_everything_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    _write_everything(tmp_path / "home")
    assert _modes(tmp_path / "home") == {("folder", "0o700"), ("file", "0o600")}
    assert readable_by_others(tmp_path / "home") == []


def test_a_group_may_read_on_demand(tmp_path: Path) -> None:
    restrict(group=True)
    _write_everything(tmp_path / "home")
    assert _modes(tmp_path / "home") == {("folder", "0o750"), ("file", "0o640")}
    assert readable_by_others(tmp_path / "home") == []
    restrict(group=False)
    assert len(close_to_others(tmp_path / "home")) == len([tmp_path, *(tmp_path / "home").rglob("*")])


def test_files_of_libraries_get_the_mode_too(tmp_path: Path) -> None:
    restrict(group=False)
    (tmp_path / "mlflow.db").write_bytes(b"")
    assert _modes(tmp_path / "mlflow.db") == {("file", "0o600")}


def test_what_is_too_open_is_found_and_closed_and_scripts_keep_their_bit(tmp_path: Path) -> None:
    root = tmp_path / "home"
    (root / "store").mkdir(parents=True, mode=0o755)
    (root / "store" / "secret").write_bytes(b"")
    (root / "notify.sh").write_bytes(b"")
    (root / "notify.sh").chmod(0o755)
    (root / "closed").touch(mode=0o400)
    (root / "link").symlink_to("/etc/hostname")
    paths = readable_by_others(root)
    assert sorted(path.name for path in paths) == ["home", "notify.sh", "secret", "store"]
    assert sorted(close_to_others(root)) == sorted(paths)
    assert readable_by_others(root) == []
    assert stat.S_IMODE((root / "notify.sh").stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "closed").stat().st_mode) == 0o400


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_reads_neither_the_secret_nor_a_diary() -> None:
    with tempfile.TemporaryDirectory() as name:  # outside the folders of pytest, which others cannot enter
        Path(name).chmod(0o755)
        home = Path(name) / "home"
        _write_everything(home)
        home.chmod(0o755)  # as if only the content of the folder were protected
        for leaf in (PATH, "a/diary", "log/predictions"):
            command = ["ls" if leaf.startswith("log") else "cat", str(home / "store" / leaf)]
            assert subprocess.run(command, capture_output=True, check=False).returncode == 0
            ended = subprocess.run(
                command, user=NOBODY, group=NOBODY, extra_groups=(), capture_output=True, text=True, check=False
            )
            assert "Permission denied" in ended.stderr
