"""Progress on the screen: finished assets, failed checks, warnings and failed steps."""

import errno
import io
import re
import uuid
from collections.abc import Callable

import dagster as dg
import pytest
from rich.console import Console

from migraine_assets.cli.dagster.progress import Progress

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dg.asset(check_specs=[dg.AssetCheckSpec("few_nulls", asset="diary")])
def diary(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # Dagster reads the annotation
    for _ in range(2):
        context.log.warning("MLflow does not answer.\nIts traceback.")
    check = dg.AssetCheckResult(
        passed=False, check_name="few_nulls", severity=dg.AssetCheckSeverity.WARN, description="Half is null."
    )
    return dg.MaterializeResult(metadata={"summary": "3 rows"}, check_results=[check])


@dg.asset(deps=[diary])
def model() -> None:
    raise ValueError("no convergence")


class ClosedScreen(io.StringIO):
    """A terminal that was closed, as after a lost connection."""

    def write(self, _: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def follow(
    open_screen: Callable[[], io.StringIO], *, force_terminal: bool = False, width: int = 200
) -> tuple[str, bool]:
    """Run both assets; return the text on the screen, and whether the first asset succeeded."""
    file, run_id = open_screen(), str(uuid.uuid4())
    console = Console(file=file, width=width, force_terminal=force_terminal)
    job = dg.Definitions(assets=[diary, model], jobs=[dg.define_asset_job("both")]).resolve_job_def("both")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.ephemeral() as instance, Progress(instance, run_id, console):
        result = job.execute_in_process(instance=instance, run_id=run_id, run_config=quiet, raise_on_error=False)
    return file.getvalue(), bool(result.get_asset_materialization_events())


@pytest.fixture(scope="module")
def shown() -> str:
    return follow(io.StringIO)[0]


def test_a_finished_asset_shows_its_summary(shown: str) -> None:
    assert "done  diary  3 rows" in shown


def test_a_line_counts_the_steps(shown: str) -> None:
    assert "0 of 2  done  diary" in shown, "the asset is written before its step has finished"
    assert "1 of 2  check  diary" in shown or "0 of 2  check  diary" in shown
    assert "2 of 2  failed  model" in shown


def test_a_terminal_shows_the_count_while_running_and_wraps_at_words() -> None:
    screen, _ = follow(io.StringIO, force_terminal=True, width=40)
    assert "0 of 2  diary" in screen
    assert "1 of 2  model" in screen
    assert re.search(r"done  diary  3 rows", ESCAPES.sub("", screen))


def test_a_failed_check_shows_its_reason(shown: str) -> None:
    assert "check  diary  Half is null." in shown


def test_a_warning_is_shown_once_without_its_traceback(shown: str) -> None:
    assert shown.count("MLflow does not answer.") == 1
    assert "traceback" not in shown


def test_a_failed_step_is_named(shown: str) -> None:
    assert "failed  model" in shown


def test_a_run_goes_on_when_the_screen_is_gone() -> None:
    """Otherwise an error in an event listener would fail the step that emitted the event."""
    _, succeeded = follow(ClosedScreen)
    assert succeeded
