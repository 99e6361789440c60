"""One run at a time in a home; killed runs are told from those at work."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from migraine_assets.cli.dagster.run_lock import alone, settle
from migraine_assets.defs.run_owner import PROCESS_TAG, this_process
from migraine_assets.errors import ConfigurationError, StoreError


@dg.job
def _nothing() -> None:
    """A job to have runs of."""


def _started(instance: dg.DagsterInstance, tag: str | None) -> str:
    tags = {PROCESS_TAG: tag} if tag else {}
    return instance.create_run_for_job(_nothing, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def _of_the_dead() -> str:
    script = "from migraine_assets.defs.run_owner import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.filterwarnings("ignore")
def test_a_run_whose_process_is_gone_is_marked_as_failed() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        dead, live, unknown = (_started(instance, tag) for tag in (_of_the_dead(), this_process(), None))
        assert settle(instance) == [live]
        found = {run: instance.get_run_by_id(run) for run in (dead, live, unknown)}
        assert [run.status for run in found.values() if run] == [
            dg.DagsterRunStatus.FAILURE,
            dg.DagsterRunStatus.STARTED,
            dg.DagsterRunStatus.STARTED,
        ]


def test_a_home_is_held_by_one_and_let_go(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(ConfigurationError, match=f"at work in {tmp_path}"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="Set MIGRAINE_HOME to a folder of your own"),
        alone(tmp_path / "file" / "home"),
    ):
        pass
