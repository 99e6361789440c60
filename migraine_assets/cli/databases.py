"""Dagster's SQLite files held open for the length of a run.

Dagster opens and closes a database for every event. Whoever closes an SQLite database last folds its log into it and
waits for the disk; one idle reader makes sure that this happens once, at the end. Nothing here writes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg


@contextmanager
def held_open(instance: "dg.DagsterInstance", run_id: str) -> Iterator[None]:
    """Within: the databases of runs, of events and of the run `run_id` stay open. Elsewhere than on SQLite: nothing."""
    with ExitStack() as stack:
        for path in _files(instance, run_id):
            # Only looked at and closed, but closed by whichever thread unwinds the run.
            connection = stack.enter_context(closing(sqlite3.connect(path, check_same_thread=False)))
            connection.execute("SELECT name FROM sqlite_master").fetchall()
        yield


def _files(instance: "dg.DagsterInstance", run_id: str) -> list[Path]:
    from dagster._core.storage.event_log import SqliteEventLogStorage

    events = instance.event_log_storage
    if not isinstance(events, SqliteEventLogStorage):
        return []
    # A run's database is made when it is first asked for.
    instance.get_records_for_run(run_id, limit=1)
    found = [Path(events.path_for_shard(shard)) for shard in ("index", run_id)]
    return [path for path in (*found, found[0].parent.with_suffix(".db")) if path.exists()]
