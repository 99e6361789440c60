"""The nine stages of the CI workflow: each runs targets of the Makefile, with minimal permissions."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from migraine_assets_tests.support.receivers import webhook

PROJECT = Path(__file__).parents[3]
WORKFLOW: dict[str, Any] = yaml.safe_load((PROJECT / ".github" / "workflows" / "ci.yaml").read_text())
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
# The targets that each stage runs.
STAGES = {
    "quality": {"lint", "types", "checks"},
    "data": {"validate"},
    "tests": {"all-tests"},
    "training": {"run"},
    "image": {"images", "scan"},
    "deployment": {"deploy"},
    "api": {"api-tests"},
    "monitoring": {"rules", "watch-check"},
    "notification": {"notify"},
}


def _targets(job: dict[str, Any]) -> set[str]:
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    commands = [command for line in lines for command in re.findall(r"^\s*make ([a-z -]+)", line)]
    return {target for command in commands for target in command.split()}


def test_there_are_nine_stages_in_order() -> None:
    assert [int(job["name"].split()[0]) for job in JOBS.values()] == list(range(1, 10))
    assert list(JOBS) == list(STAGES)


def test_help_lists_every_documented_target_in_80_columns() -> None:
    done = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True)
    documented = re.findall(r"^([a-z-]+):.* ## ", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^  ([a-z-]+) ", done.stdout, re.MULTILINE) == documented
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert re.findall(r"^\S.*", done.stdout, re.MULTILINE)[0].startswith("Use the platform")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_its_targets(stage: str) -> None:
    targets = _targets(JOBS[stage])
    assert targets >= STAGES[stage]
    assert targets <= TARGETS


def test_permissions_are_minimal_and_time_is_limited() -> None:
    assert WORKFLOW["permissions"] == {}
    for name, job in JOBS.items():
        assert set(job["permissions"]) <= {"contents", "packages", "id-token"}, name
        assert job["permissions"]["contents"] == "read", name
        assert job["timeout-minutes"] <= 90, name
        if name not in ("image", "deployment"):
            assert set(job["permissions"]) == {"contents"}, name


def test_actions_are_pinned_by_commit_with_their_version_beside_it() -> None:
    text = (PROJECT / ".github" / "workflows" / "ci.yaml").read_text()
    for line in (line for line in text.splitlines() if "uses:" in line):
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def _notify(**variables: str) -> "subprocess.CompletedProcess[str]":
    script = PROJECT / "scripts" / "notify.py"
    return subprocess.run(
        [sys.executable, str(script)], env=os.environ | variables, capture_output=True, text=True, check=False
    )


def test_slack_gets_the_failed_stages() -> None:
    results = json.dumps(
        {"tests": {"result": "failure"}, "image": {"result": "skipped"}, "data": {"result": "success"}}
    )
    with webhook() as receiver:
        address = receiver.url.replace("json://", "http://")
        assert _notify(RESULTS=results, RUN="https://run.example/1", SLACK_WEBHOOK=address).returncode == 0
        assert "tests (failure)" in receiver.accepted[0]["text"]
        assert "image" not in receiver.accepted[0]["text"]
        receiver.status = 500
        refused = _notify(RESULTS=results, SLACK_WEBHOOK=address)
    assert refused.returncode == 1
    assert "very-secret-token" not in refused.stdout + refused.stderr


def test_invalid_results_are_an_error_but_a_missing_webhook_is_not() -> None:
    assert _notify(RESULTS="not json").returncode == 2
    assert _notify(RESULTS="{}", SLACK_WEBHOOK="").returncode == 0
