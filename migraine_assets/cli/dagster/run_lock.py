"""One `migraine run` at a time per home, and the detection of runs whose process was killed.

Two concurrent runs would mix their diaries, since each asset reads the current value of the asset before it. A killed
run that still counted as started would block every run that is queued in the Dagster UI.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.locks import LockHeld, file_lock

if TYPE_CHECKING:
    import dagster as dg

LOCK = ".run.lock"


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Hold the lock of `home` in this block; the kernel releases it if the process dies.

    Raises `ConfigurationError` where another process holds it, `StoreError` where `home` cannot be written.
    """
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(home / LOCK, wait=False))
        except LockHeld as error:
            raise ConfigurationError(
                f"Another `migraine run` is active in {home}. Wait for it, or set MIGRAINE_HOME to another folder."
            ) from error
        except StoreError as error:
            raise StoreError(f"{error} Or set MIGRAINE_HOME to a folder that you can write to.") from error
        yield


def fail_abandoned_runs(instance: "dg.DagsterInstance") -> list[str]:
    """Mark started runs whose process is gone as failed; return the ids of the runs that are still active."""
    import dagster as dg

    from migraine_assets.defs.run_owner import PROCESS_TAG, is_gone

    started = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    active = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=started)):
        # A run without the tag has only just started, or was started by a version that did not set it.
        if is_gone(run.tags.get(PROCESS_TAG, "")):
            instance.report_run_failed(run, "The process of this run was killed. Its finished steps are not repeated.")
        elif PROCESS_TAG in run.tags:
            active.append(run.run_id)
    return active
