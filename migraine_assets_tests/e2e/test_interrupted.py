"""Killed, interrupted, disk full: nothing half-written is visible, champions keep serving, the next run works."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.settings import Settings
from migraine_assets_tests.platform.postgres import records
from migraine_assets_tests.support.homes import CopyHome, Home, assert_sound
from migraine_assets_tests.support.small_diary import write_diary

pytestmark = pytest.mark.slow

SEED = 20240229
PATIENCE = 300


@pytest.fixture(scope="module")
def interrupted(trained_home: Home, copy_of: CopyHome) -> Home:
    """A home with champions in which a new diary has landed."""
    home = copy_of(trained_home)
    write_diary(home.landing / "diary.csv", 2)
    return home


def _stop(home: Home, *, after: str, pause: float, number: signal.Signals) -> int:
    """Start a run, send signal `number` `pause` seconds after it printed `after`; return its exit code."""
    process = home.start("run")
    assert process.stdout is not None
    for line in process.stdout:
        if after in line:
            break
    time.sleep(pause)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    return process.returncode


def _unchanged(home: Home, trained_home: Home) -> None:
    assert_sound(home)
    assert home.pointer == trained_home.pointer


@pytest.mark.parametrize("after", ["classifiers/logistic_regression", "regressors/ridge"])
def test_a_killed_run_changes_nothing(after: str, interrupted: Home, trained_home: Home) -> None:
    pause = random.Random(f"{SEED}{after}").uniform(0, 0.6)
    assert _stop(interrupted, after=after, pause=pause, number=signal.SIGKILL) == -signal.SIGKILL
    _unchanged(interrupted, trained_home)


def test_ctrl_c_exits_with_130(interrupted: Home, trained_home: Home) -> None:
    assert _stop(interrupted, after="validated_diary", pause=0.1, number=signal.SIGINT) == 130
    _unchanged(interrupted, trained_home)
    with interrupted.entered(), open_instance(Settings()) as instance:
        newest = next(iter(instance.get_runs(limit=1)))
        assert newest.status == dg.DagsterRunStatus.FAILURE


def test_the_next_run_resumes(interrupted: Home, trained_home: Home) -> None:
    done = interrupted.migraine("run")
    assert done.code == 0, done.err
    assert "classifiers/gradient_boosting" in done.err
    assert done.err.count("as trained before") >= 8
    assert_sound(interrupted)
    assert not set(interrupted.bundles().values()) & set(trained_home.bundles().values())


def test_killed_runs_are_marked_as_failed(interrupted: Home) -> None:
    """Otherwise they would block every run that is queued in the UI."""
    with interrupted.entered(), open_instance(Settings()) as instance:
        assert {run.status for run in instance.get_runs()} == {
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
        }


def test_a_second_simultaneous_run_is_refused(trained_home: Home, copy_of: CopyHome) -> None:
    home = copy_of(trained_home)
    first = home.start("run")
    assert first.stdout is not None
    first.stdout.readline()
    first.send_signal(signal.SIGSTOP)
    second = home.migraine("run")
    first.kill()
    first.communicate(timeout=PATIENCE)
    assert second.code == 2
    assert f"Another `migraine run` is active in {home.root}" in second.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.getuid() or not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system requires root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_reported_and_leaves_nothing_half_written(small_disk: Path) -> None:
    home = Home.make(small_disk / "home")
    if records.of(home.root):
        pytest.skip("the run records, which fill this disk, are in PostgreSQL")
    write_diary(home.landing / "diary.csv")
    ended = home.process("run")
    assert ended.code == 1, ended.text
    assert "No space left on device" in ended.err or "disk is full" in ended.err
    assert "Free some space" in ended.err
    assert "Traceback" not in ended.text
    assert "bug in the platform" not in ended.text
    assert_sound(home)
    assert home.pointer.tasks == {}


@pytest.mark.parametrize("broken", ["link", "folder"])
def test_an_unreadable_file_is_reported(home: Home, tmp_path: Path, broken: str) -> None:
    readable = write_diary(home.landing / "good.csv")
    bad = home.landing / "broken.csv"
    bad.symlink_to(tmp_path / "gone.csv") if broken == "link" else bad.mkdir()
    ended = home.migraine("run", "--source", str(bad if broken == "folder" else readable.parent))
    assert ended.code in (2, 3)
    assert "broken.csv" in ended.err
    assert "bug in the platform" not in ended.err
    assert home.pointer.tasks == {}
