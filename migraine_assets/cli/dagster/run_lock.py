"""One run at a time in a home, and runs whose process was killed are told from those at work.

Two runs at once would mix their diaries, since each asset reads what the one before it made last. A killed run that
counted as started for ever would hold up every run that is queued in the Dagster UI.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migraine_assets.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    import dagster as dg

LOCK = ".run.lock"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold `home` for one run of the command line; the kernel lets go when its process dies.

    Raises `ConfigurationError` where another one holds it.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        file = (home / LOCK).open("ab")
    except OSError as error:
        raise StoreError(
            f"{home} cannot be written: {error.strerror}. Set MIGRAINE_HOME to a folder of your own."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"Another `migraine run` is at work in {home}. Wait for it, or set MIGRAINE_HOME to another folder."
            ) from error
        yield


def settle(instance: "dg.DagsterInstance") -> list[str]:
    """Mark runs as failed whose process is gone; the ids of those still at work."""
    import dagster as dg

    from migraine_assets.defs.run_owner import PROCESS_TAG, is_gone

    begun = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    at_work = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=begun)):
        # Without the tag it has only just begun, or is of a version that knew no tags.
        if is_gone(run.tags.get(PROCESS_TAG, "")):
            instance.report_run_failed(run, "The process of this run was killed. What it finished is not done again.")
        elif PROCESS_TAG in run.tags:
            at_work.append(run.run_id)
    return at_work
