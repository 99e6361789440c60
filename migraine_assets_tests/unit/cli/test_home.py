"""A home that cannot be written: every command that writes exits with 2 and an explanation, and leaves nothing."""

import ctypes
import json
import os
import shutil
import subprocess
import sys

import pytest

from migraine_assets_tests.support.homes import Home

WRITING = (
    ("run",),
    ("monitor",),
    ("ui",),
    ("doctor",),
    ("migrate",),
    ("serve", "--plain"),
    ("promote", "attack", "abc"),
    ("rollback", "attack"),
    ("erase", "someone", "--yes"),
    ("keys", "create", "someone"),
    ("keys", "revoke", "abc"),
    ("rollout", "start", "attack", "shadow"),
    ("rollout", "stop", "attack"),
    ("alerts", "test"),
    ("alerts", "close", "run_failed", "retrain"),
)


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_home_that_cannot_be_written_is_wrong_usage(home: Home, command: tuple[str, ...]) -> None:
    """A file has the name of the folder: not even an administrator can write there."""
    (home.root / "file").touch()
    ended = home.migraine(*command, extra={"MIGRAINE_HOME": str(home.root / "file" / "home")})
    assert ended.code == 2, ended.text
    assert f"{home.root / 'file' / 'home'}" in ended.text
    assert "cannot be written" in ended.text
    assert "Traceback" not in ended.text


def test_a_file_where_a_folder_should_be_is_named(home: Home) -> None:
    for name in ("store", "reports", "dagster", "landing"):
        shutil.rmtree(home.root / name, ignore_errors=True)
        (home.root / name).touch()
        for command in (("run",), ("monitor",), ("erase", "someone", "--yes"), ("doctor",)):
            ended = home.migraine(*command)
            assert ended.code == 2, ended.text
            assert f"{home.root / name} is a file" in "".join(ended.text.split("\n")) or command == ("doctor",)
            assert "bug in the platform" not in ended.text
        (home.root / name).unlink()
    assert {path.name for path in home.root.iterdir()} <= {"params.yaml", "store", "dagster"}, "doctor writes a probe"


COMMANDS = """
import json, os, sys
from pathlib import Path
from migraine_assets_tests.support.homes import Home
home, results = Home(Path(sys.argv[1])), []
for folder, mode in (("store", 0o555), ("store/registry", 0o555), ("reports", 0o555), ("landing", 0o000)):
    path = home.root / folder
    path.chmod(mode)
    for command in (("run",), ("monitor",), ("erase", "someone", "--yes")):
        ended = home.migraine(*command)
        results.append([folder, command[0], ended.code, ended.text])
    path.chmod(0o755)
print(json.dumps(results))
"""


def _drop_overrides() -> None:
    """Let permissions bind an administrator too: drop CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def test_folders_without_permission_are_named(home: Home) -> None:
    for folder in ("store/registry", "reports"):
        (home.root / folder).mkdir(parents=True)
    before = sorted(home.root.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(home.root)],
        env=home.environment(),
        capture_output=True,
        text=True,
        preexec_fn=None if os.geteuid() else _drop_overrides,
    )
    assert done.returncode == 0, done.stderr
    for folder, name, code, text in json.loads(done.stdout):
        assert code == 2, (folder, name, text)
        assert str(home.root / folder) in "".join(text.split("\n"))
        assert "cannot be" in " ".join(text.split())
    assert sorted(home.root.rglob("*")) == before
