"""Measuring a command from outside: its cost if it succeeds, its own error if it fails."""

import subprocess
import sys

import pytest

from benchmarks import pipeline
from benchmarks.pipeline import PIPELINE, PLAIN, measure, size


def test_time_and_memory_include_child_processes() -> None:
    work = "sum(range(5_000_000))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}'], check=True)"
    alone, nested = (measure([sys.executable, "-c", source], {}) for source in ("pass", child))
    assert nested.cpu > alone.cpu > 0
    assert nested.peak > 1


def test_a_failing_command_is_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        measure([sys.executable, "-c", "raise SystemExit('the reason')"], {})
    assert "the reason" in capsys.readouterr().err


def test_the_environment_reaches_the_command() -> None:
    check = "import os; assert os.environ['MIGRAINE_HOME'] == 'x'"
    assert measure([sys.executable, "-c", check], {"MIGRAINE_HOME": "x"}).wall > 0


@pytest.mark.parametrize("command", [PIPELINE, PLAIN])
def test_both_commands_can_be_started(command: tuple[str, ...]) -> None:
    assert measure([*command, "--help"], {}).cpu > 0


def test_both_commands_get_the_same_cohort() -> None:
    of_pipeline, of_plain = size(30, 90)
    assert of_pipeline == ("--option", "participants=30", "--option", "days=90")
    assert of_plain == ("--participants", "30", "--days", "90")
    assert pipeline.BAR == 1.35
