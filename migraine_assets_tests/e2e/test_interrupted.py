"""Killed, interrupted, disk full: nothing half-written is visible, champions keep serving, the next run works."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.settings import Settings
from migraine_assets.stores.registry.pointer import Pointer
from migraine_assets_tests.platform.postgres import records
from migraine_assets_tests.support.homes import CopyHome, Home, Result, assert_sound
from migraine_assets_tests.support.small_diary import write_diary

pytestmark = pytest.mark.slow

PATIENCE = 300
# What a run printed before it was stopped, the seconds until then, and the signal.
STOPS = {
    "killed while training classifiers": ("classifiers/logistic_regression", 0.11, signal.SIGKILL),
    "killed while training regressors": ("regressors/ridge", 0.47, signal.SIGKILL),
    "Ctrl-C": ("validated_diary", 0.1, signal.SIGINT),
}


@dataclass(frozen=True)
class Stopped:
    """What a stopped run left behind."""

    code: int
    pointer: Pointer
    status: dg.DagsterRunStatus


@pytest.fixture(scope="module")
def interrupted(trained_home: Home, copy_of: CopyHome) -> Home:
    """A home with champions and a new diary."""
    home = copy_of(trained_home)
    write_diary(home.landing / "diary.csv", 2)
    return home


@pytest.fixture(scope="module")
def stopped(interrupted: Home) -> dict[str, Stopped]:
    """Three stopped runs on the new diary. None of them leaves anything half-written."""
    return {name: _stop(interrupted, *how) for name, how in STOPS.items()}


def _stop(home: Home, after: str, pause: float, number: signal.Signals) -> Stopped:
    process = home.start("run")
    assert process.stdout is not None
    for line in process.stdout:
        if after in line:
            break
    time.sleep(pause)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert_sound(home)
    with home.entered(), open_instance(Settings()) as instance:
        return Stopped(process.returncode, home.pointer, instance.get_runs(limit=1)[0].status)


@pytest.fixture(scope="module")
def resumed(interrupted: Home, stopped: dict[str, Stopped]) -> Result:
    """The next run, which finishes."""
    assert stopped
    return interrupted.migraine("run")


@pytest.mark.parametrize("name", STOPS)
def test_a_stopped_run_changes_nothing(name: str, stopped: dict[str, Stopped], trained_home: Home) -> None:
    assert stopped[name].pointer == trained_home.pointer


def test_exit_codes(stopped: dict[str, Stopped]) -> None:
    assert [run.code for run in stopped.values()] == [-signal.SIGKILL, -signal.SIGKILL, 130]


def test_ctrl_c_is_recorded_as_a_failure(stopped: dict[str, Stopped]) -> None:
    assert stopped["Ctrl-C"].status == dg.DagsterRunStatus.FAILURE


def test_the_next_run_resumes(interrupted: Home, resumed: Result, trained_home: Home) -> None:
    assert resumed.code == 0, resumed.err
    assert "classifiers/gradient_boosting" in resumed.err
    assert resumed.err.count("cached model") >= 8
    assert_sound(interrupted)
    assert not set(interrupted.bundles().values()) & set(trained_home.bundles().values())


def test_killed_runs_are_marked_as_failed(interrupted: Home, resumed: Result) -> None:
    """Otherwise they would block every run that is queued in the UI."""
    assert resumed.code == 0
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


def test_an_unreadable_file_is_reported(home: Home) -> None:
    bad = home.landing / "broken.csv"
    bad.mkdir()
    ended = home.migraine("run", "--source", str(bad))
    assert ended.code in (2, 3)
    assert "broken.csv" in ended.err
    assert "bug in the platform" not in ended.err
    assert home.pointer.tasks == {}


def test_a_link_in_a_folder_is_not_followed_and_named(home: Home, tmp_path: Path) -> None:
    (home.landing / "broken.csv").symlink_to(tmp_path / "gone.csv")
    write_diary(home.landing / "good.csv")
    ended = home.migraine("validate", str(home.landing))
    assert ended.code == 0, ended.text
    assert "broken.csv" in ended.text
