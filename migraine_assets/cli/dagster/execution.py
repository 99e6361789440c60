"""One in-process run of a job: executed, and what came of it in words of this project.

Not here: the instance (`cli.dagster.instance`), progress on the screen (`cli.dagster.progress`), exit codes
(`cli.commands.run`).
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migraine_assets.errors import MigraineError, StoreError

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


if TYPE_CHECKING:
    import dagster as dg
    from dagster_shared.error import SerializableErrorInfo

# What Dagster makes of Ctrl-C and of a termination asked for in the UI.
INTERRUPTIONS = frozenset({"KeyboardInterrupt", "DagsterExecutionInterruptedError"})


@dataclass(frozen=True)
class Failure:
    """A step or run that failed: the class and the sentence of the error that explains it, and the whole trace."""

    step: str
    error: str
    message: str
    trace: str


@dataclass(frozen=True)
class CheckResult:
    """One asset check as it was evaluated."""

    asset: str
    name: str
    passed: bool
    blocking: bool
    severity: str
    description: str


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind."""

    run_id: str
    success: bool
    interrupted: bool
    failures: tuple[Failure, ...]
    checks: tuple[CheckResult, ...]


def execute(
    instance: "dg.DagsterInstance",
    job: str,
    *,
    run_id: str,
    run_config: dict[str, Any],
    tags: dict[str, str],
    partition_key: str | None = None,
) -> RunOutcome:
    """Run `job` in this process. Steps that do not depend on a failed one still run.

    Raises `StoreError` where Dagster cannot keep its records.
    """
    from sqlalchemy.exc import DBAPIError

    from migraine_assets.definitions import build_defs

    try:
        definition = build_defs().resolve_job_def(job)
        with held_open(instance, run_id), _told_once():
            result = definition.execute_in_process(
                instance=instance,
                run_id=run_id,
                run_config=run_config,
                tags=tags,
                partition_key=partition_key,
                raise_on_error=False,
            )
    except _lost_postgres() as error:
        raise StoreError(
            f"Dagster's records in PostgreSQL cannot be kept: {error}. See that the server runs (`migraine doctor`), "
            "and run again; what was finished is not done again."
        ) from error
    except (DBAPIError, sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise StoreError(
            f"Dagster's records under {instance.root_directory} cannot be kept: {reason}. Free some space or check the "
            "permissions, and run again; what was finished is not done again."
        ) from error
    return outcome_of(run_id, result.all_events, success=result.success)


def _lost_postgres() -> type[Exception]:
    """What Dagster raises when its PostgreSQL has not answered for a while. Imported when something was raised."""
    from dagster_postgres.utils import DagsterPostgresException

    return DagsterPostgresException


@contextmanager
def _told_once() -> Iterator[None]:
    """Within: that a database does not answer is logged once, not for each attempt at each event."""
    told: list[str] = []

    def first(record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith("Retrying failed database connection"):
            return True
        told.append("")
        return len(told) == 1

    logging.root.addFilter(first)
    try:
        yield
    finally:
        logging.root.removeFilter(first)


def outcome_of(run_id: str, events: "Sequence[dg.DagsterEvent]", *, success: bool) -> RunOutcome:
    """What the events of a run tell."""
    steps = [(event.step_key or "", event.step_failure_data.error) for event in events if event.is_step_failure]
    whole = [("", event.job_failure_data.error) for event in events if event.event_type_value == "PIPELINE_FAILURE"]
    told = [(step, error) for step, error in (*steps, *whole) if error is not None]
    return RunOutcome(
        run_id,
        success,
        interrupted=any(link.cls_name in INTERRUPTIONS for _, error in told for link in _chain(error)),
        failures=tuple(_failure(step, error) for step, error in told),
        checks=tuple(_checks(events)),
    )


def explained() -> dict[str, type[MigraineError]]:
    """Every error that is a sentence for a person, by the name of its class."""
    found, left = {}, [MigraineError]
    while left:
        kind = left.pop()
        found[kind.__name__] = kind
        left += kind.__subclasses__()
    return found


def _failure(step: str, error: "SerializableErrorInfo") -> Failure:
    """The outermost error that explains itself; where none does, the innermost, which is what happened."""
    links, known = list(_chain(error)), explained()
    found = next((link for link in links if link.cls_name in known), links[-1])
    name = found.cls_name or "Error"
    # Dagster puts the qualified name of the class before the message.
    _, _, tail = found.message.strip().partition(f"{name}: ")
    return Failure(step, name, tail or found.message.strip(), error.to_string())


def _chain(error: "SerializableErrorInfo") -> "Iterator[SerializableErrorInfo]":
    link: SerializableErrorInfo | None = error
    while link is not None:
        yield link
        link = link.cause


def _checks(events: "Sequence[dg.DagsterEvent]") -> Iterator[CheckResult]:
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            found = event.asset_check_evaluation_data
            yield CheckResult(
                "/".join(found.asset_key.path),
                found.check_name,
                found.passed,
                bool(found.blocking),
                found.severity.value,
                found.description or "",
            )
