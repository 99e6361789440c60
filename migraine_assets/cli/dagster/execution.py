"""Execution of one job in this process, and its outcome as plain values.

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

from migraine_assets.cli.dagster.instance import job_origin
from migraine_assets.errors import MigraineError, StoreError

if TYPE_CHECKING:
    import dagster as dg
    from dagster import JobExecutionResult
    from dagster_shared.error import SerializableErrorInfo

# The errors that Dagster records for Ctrl-C and for a termination requested in the UI.
INTERRUPTIONS = frozenset({"KeyboardInterrupt", "DagsterExecutionInterruptedError"})


@contextmanager
def keep_databases_open(instance: "dg.DagsterInstance", run_id: str) -> Iterator[None]:
    """Keep the SQLite databases of runs, of events and of the run `run_id` open in this block.

    Otherwise each closed connection folds the write-ahead log into its database again. Does nothing without SQLite.
    """
    with ExitStack() as stack:
        for path in _files(instance, run_id):
            # Any thread may close the connection when the run unwinds.
            connection = stack.enter_context(closing(sqlite3.connect(path, check_same_thread=False)))
            connection.execute("SELECT name FROM sqlite_master").fetchall()
        yield


def _files(instance: "dg.DagsterInstance", run_id: str) -> list[Path]:
    from dagster._core.storage.event_log import SqliteEventLogStorage

    events = instance.event_log_storage
    if not isinstance(events, SqliteEventLogStorage):
        return []
    # The database of a run is created by its first query.
    instance.get_records_for_run(run_id, limit=1)
    shards = [Path(events.path_for_shard(shard)) for shard in ("index", run_id)]
    return [path for path in (*shards, shards[0].parent.with_suffix(".db")) if path.exists()]


@dataclass(frozen=True)
class Failure:
    """A failed step (empty for a failed run): class and message of the explaining error, and the full traceback."""

    step: str
    error: str
    message: str
    trace: str


@dataclass(frozen=True)
class CheckResult:
    """The result of one asset check."""

    asset: str
    name: str
    passed: bool
    blocking: bool
    severity: str
    description: str


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of a run."""

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
    """Run `job` in this process. Steps that do not depend on a failed step still run.

    Raises `StoreError` if Dagster cannot write its records.
    """
    from sqlalchemy.exc import DBAPIError

    from migraine_assets.definitions import build_defs

    try:
        definition = build_defs().resolve_job_def(job)
        with keep_databases_open(instance, run_id), _log_retries_once():
            result = _run(instance, definition, run_id, run_config=run_config, tags=tags, partition_key=partition_key)
    except _postgres_error() as error:
        raise StoreError(
            f"Dagster cannot write its records to PostgreSQL: {error}. Check that the server is running "
            "(`migraine doctor`) and run again; finished steps are not repeated."
        ) from error
    except (DBAPIError, sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise StoreError(
            f"Dagster cannot write its records under {instance.root_directory}: {reason}. Free some space or check the "
            "permissions, and run again; finished steps are not repeated."
        ) from error
    return outcome_of(run_id, result.all_events, success=result.success)


def _run(
    instance: "dg.DagsterInstance",
    job: "dg.JobDefinition",
    run_id: str,
    *,
    run_config: dict[str, Any],
    tags: dict[str, str],
    partition_key: str | None,
) -> "JobExecutionResult":
    """Create the run as a run of the code location, and execute it here.

    `JobDefinition.execute_in_process` records no code location, and the UI leaves such a run out of its home page, its
    timeline and the page of the job.
    """
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    of_partition = job.get_tags_for_partition_key(partition_key, selected_asset_keys=None) if partition_key else {}
    run = instance.create_run_for_job(
        job, run_id=run_id, run_config=run_config, tags={**tags, **of_partition}, remote_job_origin=job_origin(job.name)
    )
    in_process = job.as_ephemeral_job(resource_defs={}, input_values={})
    return execute_run(InMemoryJob(in_process), run, instance)


def _postgres_error() -> type[Exception]:
    """Return the error that Dagster raises when its PostgreSQL is unreachable. Imported only after an error."""
    from dagster_postgres.utils import DagsterPostgresException

    return DagsterPostgresException


@contextmanager
def _log_retries_once() -> Iterator[None]:
    """Log an unreachable database once in this block, not for each retry of each event."""
    retries = 0

    def first(record: logging.LogRecord) -> bool:
        nonlocal retries
        if not str(record.msg).startswith("Retrying failed database connection"):
            return True
        retries += 1
        return retries == 1

    logging.root.addFilter(first)
    try:
        yield
    finally:
        logging.root.removeFilter(first)


def outcome_of(run_id: str, events: "Sequence[dg.DagsterEvent]", *, success: bool) -> RunOutcome:
    """Summarize the events of a run."""
    steps = [(event.step_key or "", event.step_failure_data.error) for event in events if event.is_step_failure]
    whole = [("", event.job_failure_data.error) for event in events if event.event_type_value == "PIPELINE_FAILURE"]
    errors = [(step, error) for step, error in (*steps, *whole) if error is not None]
    return RunOutcome(
        run_id,
        success,
        interrupted=any(link.cls_name in INTERRUPTIONS for _, error in errors for link in _chain(error)),
        failures=tuple(_failure(step, error) for step, error in errors),
        checks=tuple(_checks(events)),
    )


def error_classes() -> dict[str, type[MigraineError]]:
    """Return `MigraineError` and all its subclasses by name: the errors whose message is meant for the user."""
    classes, pending = {}, [MigraineError]
    while pending:
        kind = pending.pop()
        classes[kind.__name__] = kind
        pending += kind.__subclasses__()
    return classes


def _failure(step: str, error: "SerializableErrorInfo") -> Failure:
    """Describe the outermost `MigraineError` of the chain, or the innermost error if there is none."""
    links, known = list(_chain(error)), error_classes()
    cause = next((link for link in links if link.cls_name in known), links[-1])
    name = cause.cls_name or "Error"
    # Dagster prefixes the message with the qualified name of the class.
    _, _, tail = cause.message.strip().partition(f"{name}: ")
    return Failure(step, name, tail or cause.message.strip(), error.to_string())


def _chain(error: "SerializableErrorInfo") -> "Iterator[SerializableErrorInfo]":
    link: SerializableErrorInfo | None = error
    while link is not None:
        yield link
        link = link.cause


def _checks(events: "Sequence[dg.DagsterEvent]") -> Iterator[CheckResult]:
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            yield CheckResult(
                "/".join(check.asset_key.path),
                check.check_name,
                check.passed,
                bool(check.blocking),
                check.severity.value,
                check.description or "",
            )
