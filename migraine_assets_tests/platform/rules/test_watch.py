"""The check after a deployment, with a real Prometheus, without and with a model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migraine_assets_tests.platform.rules.stack import Stack, serving, unserved
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.waiting import eventually

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[3] / "scripts" / "watch.py"


def _check(prometheus: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"PROMETHEUS": prometheus},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_critical_alert_fails_it_until_the_alert_is_over(stack: Stack) -> None:
    with stack.notifies_of("MigraineNotReady"):
        unserved(stack)
    failed = _check(stack.prometheus)
    assert failed.returncode == 1
    assert "MigraineNotReady fires" in failed.stdout
    with stack.notifies_of_end("MigraineNotReady"):
        serving(stack)
    assert eventually(lambda: "MigraineNotReady" not in _check(stack.prometheus).stdout)


def test_a_prometheus_that_does_not_answer_is_a_problem_and_none_is_a_usage_error() -> None:
    failed = _check(f"http://127.0.0.1:{free_port()}")
    assert failed.returncode == 1
    assert "cannot be queried" in failed.stdout
    assert _check("").returncode == 2
