"""Whether the process in a run's tag is still alive."""

import os
import subprocess
import sys

import pytest

from migraine_assets.defs.run_owner import is_gone, this_process


def test_this_process_is_alive() -> None:
    assert not is_gone(this_process())
    assert this_process().split(":")[-2] == str(os.getpid())


def test_one_that_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    script = "from migraine_assets.defs import run_owner; import sys; print(run_owner._start(int(sys.argv[1])))"
    start = subprocess.run([sys.executable, "-c", script, str(child.pid)], capture_output=True, text=True, check=True)
    host = this_process().rpartition(":")[0].rpartition(":")[0]
    tag = f"{host}:{child.pid}:{start.stdout.strip()}"
    assert not is_gone(tag)
    child.communicate(b"\n")
    assert is_gone(tag)


def test_a_small_clock_adjustment_is_tolerated() -> None:
    head, _, start = this_process().rpartition(":")
    assert not is_gone(f"{head}:{int(start) - 1}")


def test_another_process_with_the_same_id_is_recognized() -> None:
    head, _, start = this_process().rpartition(":")
    assert is_gone(f"{head}:{int(start) - 1000}")


@pytest.mark.parametrize("tag", ["", "nonsense", "a:b:c", "::", f"another-host:{2**22 + 1}:5"])
def test_of_what_is_not_known_nothing_is_said(tag: str) -> None:
    assert not is_gone(tag)
