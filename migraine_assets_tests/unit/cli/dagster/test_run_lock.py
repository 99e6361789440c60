"""One run at a time in a home; killed runs are distinguished from active ones."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.cli.dagster.run_lock import fail_abandoned_runs, hold_home
from migraine_assets.defs.run_owner import PROCESS_TAG, this_process
from migraine_assets.errors import ConfigurationError, StoreError


@dg.job
def _empty() -> None:
    """Define a job without steps, for records of runs."""


def _started(instance: dg.DagsterInstance, tag: str | None) -> str:
    tags = {PROCESS_TAG: tag} if tag else {}
    return instance.create_run_for_job(_empty, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def _tag_of_an_ended_process() -> str:
    script = "from migraine_assets.defs.run_owner import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.filterwarnings("ignore")
def test_a_run_whose_process_is_gone_is_marked_as_failed() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        dead, live, unknown = (_started(instance, tag) for tag in (_tag_of_an_ended_process(), this_process(), None))
        assert fail_abandoned_runs(instance) == [live]
        runs = {run: instance.get_run_by_id(run) for run in (dead, live, unknown)}
        assert [run.status for run in runs.values() if run] == [
            dg.DagsterRunStatus.FAILURE,
            dg.DagsterRunStatus.STARTED,
            dg.DagsterRunStatus.STARTED,
        ]


def test_a_home_is_held_by_one_process_and_released(tmp_path: Path) -> None:
    with hold_home(tmp_path), pytest.raises(ConfigurationError, match=f"active in {tmp_path}"), hold_home(tmp_path):
        pass
    with hold_home(tmp_path):
        pass


def test_a_home_that_cannot_be_created_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="set MIGRAINE_HOME to a folder that you can write to"),
        hold_home(tmp_path / "file" / "home"),
    ):
        pass
