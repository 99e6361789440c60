"""One run at a time per home and store, and the detection of runs whose process was killed.

Two concurrent runs would mix their diaries, since each asset reads the current value of the asset before it. A killed
run that still counts as started would block every run that is queued in the Dagster UI. Not here: the locks
(`stores.locks`, `stores.store_lock`), the tag of a run's process (`defs.run_owner`).
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migraine_assets.cli.console import err
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.locks import LockHeld, file_lock
from migraine_assets.stores.store import Store
from migraine_assets.stores.store_lock import hold_store

if TYPE_CHECKING:
    import dagster as dg

LOCK = ".run.lock"
# Longer than a training run.
WAIT_SECONDS = 6 * 3600.0


@contextmanager
def hold_home(home: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock of `home` in this block. The kernel releases it if the process dies.

    Raises `ConfigurationError` if another process holds it (unless `wait`), and `StoreError` if `home` cannot be
    written.
    """
    with ExitStack() as locks:
        try:
            locks.enter_context(file_lock(home / LOCK, wait=wait))
        except LockHeld as error:
            raise ConfigurationError(
                f"Another `migraine run` is active in {home}. Wait for it, or set MIGRAINE_HOME to another folder."
            ) from error
        except StoreError as error:
            raise StoreError(f"{error} Or set MIGRAINE_HOME to a folder that you can write to.") from error
        yield


@contextmanager
def hold_state(settings: Settings, owner: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the locks of the home and of its store in this block. Runs with `owner` in the tag `LOCK_TAG` may enter.

    `wait`: wait for the run, monitoring or erasure that holds one of them; otherwise raise `ConfigurationError`.
    """
    seconds = WAIT_SECONDS if wait else 0.0
    with hold_home(settings.root, wait=wait), ExitStack() as locks:
        try:
            store = Store(settings.store_location)
            locks.enter_context(hold_store(store, owner, wait_seconds=seconds, on_wait=err().print))
        except LockHeld as error:
            raise ConfigurationError(f"{error} Wait for it, or set MIGRAINE_STORE_URI to another store.") from error
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
