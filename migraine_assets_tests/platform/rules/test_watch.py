"""The check after a deployment, against a real Prometheus: what it finds before and after there is a model."""

import os
import subprocess
import sys
from pathlib import Path

from migraine_assets_tests.platform.rules.stack import Stack
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.service import put_champion
from migraine_assets_tests.support.waiting import eventually

SCRIPT = Path(__file__).parents[3] / "scripts" / "watch.py"


def _check(prometheus: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"PROMETHEUS": prometheus},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_wakes_somebody_fails_it_until_it_is_over(stack: Stack) -> None:
    with stack.told_of("MigraineNotReady"):
        pass
    found = _check(stack.prometheus)
    assert found.returncode == 1
    assert "MigraineNotReady fires" in found.stdout
    with stack.told_that_it_is_over("MigraineNotReady"):
        put_champion(stack.service.store, weight=0.01)
    assert eventually(lambda: "MigraineNotReady" not in _check(stack.prometheus).stdout)
    # Here is no Dagster, and that it is silent may be found in its place: nothing else is.
    left = _check(stack.prometheus).stdout
    assert left.startswith(("MigraineDagsterSilent fires", "4 groups of rules"))


def test_a_prometheus_that_does_not_answer_is_a_finding_and_none_is_wrong_use() -> None:
    found = _check(f"http://127.0.0.1:{free_port()}")
    assert found.returncode == 1
    assert "cannot be asked" in found.stdout
    assert _check("").returncode == 2
