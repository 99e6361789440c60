"""What a person sees while a run works: each asset when it is done, what was refused, warned of or failed."""

import errno
import io
import uuid
from collections.abc import Callable

import dagster as dg
import pytest
from rich.console import Console

from migraine_assets.cli.dagster.progress import Progress


@dg.asset(check_specs=[dg.AssetCheckSpec("few_nulls", asset="diary")])
def diary(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # Dagster reads the annotation
    for _ in range(2):
        context.log.warning("MLflow does not answer.\nThe trace of it.")
    check = dg.AssetCheckResult(
        passed=False, check_name="few_nulls", severity=dg.AssetCheckSeverity.WARN, description="Half is null."
    )
    return dg.MaterializeResult(metadata={"summary": "3 rows"}, check_results=[check])


@dg.asset(deps=[diary])
def model() -> None:
    raise ValueError("no convergence")


class ClosedScreen(io.StringIO):
    """A terminal that is gone, as after a connection was lost."""

    def write(self, _: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def followed(write: Callable[[], io.StringIO]) -> tuple[str, bool]:
    """What is shown of a run of both assets, and whether the first one succeeded."""
    file, run_id = write(), str(uuid.uuid4())
    job = dg.Definitions(assets=[diary, model], jobs=[dg.define_asset_job("both")]).resolve_job_def("both")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.ephemeral() as instance, Progress(instance, run_id, Console(file=file, width=200)):
        result = job.execute_in_process(instance=instance, run_id=run_id, run_config=quiet, raise_on_error=False)
    return file.getvalue(), bool(result.get_asset_materialization_events())


@pytest.fixture(scope="module")
def shown() -> str:
    return followed(io.StringIO)[0]


def test_an_asset_that_is_done_says_what_it_made(shown: str) -> None:
    assert "done  diary  3 rows" in shown


def test_a_check_that_failed_says_why(shown: str) -> None:
    assert "check  diary  Half is null." in shown


def test_a_warning_is_told_once_and_without_its_trace(shown: str) -> None:
    assert shown.count("MLflow does not answer.") == 1
    assert "trace" not in shown


def test_a_step_that_failed_is_named(shown: str) -> None:
    assert "failed  model" in shown


def test_a_run_goes_on_when_nobody_reads_the_screen() -> None:
    """An error in a listener would otherwise be an error of the step that it listens to."""
    _, succeeded = followed(ClosedScreen)
    assert succeeded
