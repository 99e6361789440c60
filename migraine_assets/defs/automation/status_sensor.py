"""The sensor that publishes the status of the automation: jobs, sensors, schedules and verdicts. It starts no run.

It is on by default, so that Prometheus learns of failed runs even without automation. If it stops together with the
daemon, the alert MigraineDagsterSilent fires. Not here: the published file (`stores.monitoring.pipeline_status`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorType, TickStatus
from msgspec.structs import replace

from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import StoreError
from migraine_assets.stores.monitoring.heartbeats import record_heartbeat
from migraine_assets.stores.monitoring.pipeline_status import (
    JobSummary,
    PipelineStatus,
    TaskVerdict,
    TickSummary,
    read_pipeline_status,
    write_pipeline_status,
)
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    REALIZED,
    ResultKind,
    latest_result,
)
from migraine_assets.stores.store import Store

RESULT_KINDS: tuple[ResultKind[Any], ...] = (DRIFT, REALIZED, ESTIMATED)
Verdicts = dict[str, dict[str, TaskVerdict]]


def verdicts(store: Store, *, known: Mapping[str, Mapping[str, TaskVerdict]], warn: Callable[[str], None]) -> Verdicts:
    """Return the newest verdicts by kind and task. If a result is unreadable, the `known` verdict remains."""
    newest = {kind: dict(tasks) for kind, tasks in known.items()}
    for kind in RESULT_KINDS:
        try:
            result = latest_result(store, kind)
        except StoreError as error:
            warn(str(error))
            continue
        if result is not None:
            day, content = result
            newest[kind.name] = {task: TaskVerdict(one.status, day.isoformat()) for task, one in content.tasks.items()}
    return newest


# Dagster's default interval of a sensor.
INTERVAL = 30
GOOD = (TickStatus.SUCCESS, TickStatus.SKIPPED)
INSTIGATOR_KINDS = {InstigatorType.SENSOR: "sensor", InstigatorType.SCHEDULE: "schedule"}


def tick_summaries(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> dict[str, TickSummary]:
    """Return every sensor and schedule of `repository` that is on and was evaluated or started before."""
    ticks = {}
    for state in instance.all_instigator_state():
        kind = INSTIGATOR_KINDS.get(state.instigator_type)
        if kind and (interval := _interval(repository, state.name, kind, state.status)) is not None:
            good, bad = _last(instance, state, *GOOD), _last(instance, state, TickStatus.FAILURE)
            ticks[state.name] = TickSummary(kind, interval, last_success=good, last_failure=bad)
    return ticks


def _interval(repository: dg.RepositoryDefinition, name: str, kind: str, status: InstigatorStatus) -> float | None:
    """Return the seconds between evaluations (0 for a schedule), or None if it is off or no longer in the code."""
    known = repository.has_sensor_def(name) if kind == "sensor" else repository.has_schedule_def(name)
    if not known:
        return None
    definition = repository.get_sensor_def(name) if kind == "sensor" else repository.get_schedule_def(name)
    on = definition.default_status.value == "RUNNING" and status != InstigatorStatus.STOPPED
    if not (on or status == InstigatorStatus.RUNNING):
        return None
    return (
        float(definition.minimum_interval_seconds or INTERVAL) if isinstance(definition, dg.SensorDefinition) else 0.0
    )


def _last(instance: dg.DagsterInstance, state: InstigatorState, *statuses: TickStatus) -> float:
    """Return the time of the last tick with one of these statuses, or 0.0."""
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1, statuses=list(statuses))
    return float(ticks[0].timestamp) if ticks else 0.0


ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
WAITING = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
RUNNING = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
WILL_RETRY = "dagster/will_retry"
MOST_RUNS = 1000
# A run's record may be written a little later than its timestamp.
OVERLAP = dt.timedelta(minutes=10)
# A job is dropped after this time without runs, because it may no longer be in the code.
FORGET = dt.timedelta(days=60)


def job_summaries(
    instance: dg.DagsterInstance, *, known: Mapping[str, JobSummary], since: dt.datetime | None, now: dt.datetime
) -> dict[str, JobSummary]:
    """Update `known` with the runs that ended after `since` (None: all runs), and count unfinished runs."""
    jobs = dict(known)
    after = since - OVERLAP if since else None
    ended = dg.RunsFilter(statuses=list(ENDED), updated_after=after)
    for record in instance.get_run_records(ended, limit=MOST_RUNS, order_by="update_timestamp"):
        name = record.dagster_run.job_name
        jobs[name] = with_run(jobs.get(name, JobSummary()), record)
    counts = _unfinished(instance)
    oldest = (now - FORGET).timestamp()
    recent = {name for name, job in jobs.items() if max(job.last_success, job.last_failure) >= oldest}
    return {
        name: replace(jobs.get(name, JobSummary()), queued=counts[name, "queued"], running=counts[name, "running"])
        for name in sorted(recent | {name for name, _ in counts})
    }


def with_run(job: JobSummary, record: dg.RunRecord) -> JobSummary:
    """Return `job` updated by a run that ended. A failure that Dagster will retry does not count."""
    end = record.end_time or record.update_timestamp.timestamp()
    if record.dagster_run.status == dg.DagsterRunStatus.SUCCESS:
        if end <= job.last_success:
            return job
        return replace(job, last_success=end, last_duration=end - (record.start_time or end))
    if record.dagster_run.tags.get(WILL_RETRY) == "true":
        return job
    return replace(job, last_failure=max(end, job.last_failure))


def _unfinished(instance: dg.DagsterInstance) -> Counter[tuple[str, str]]:
    unfinished = dg.RunsFilter(statuses=[*WAITING, *RUNNING])
    runs = (record.dagster_run for record in instance.get_run_records(unfinished, limit=MOST_RUNS))
    return Counter((run.job_name, "queued" if run.status in WAITING else "running") for run in runs)


SECONDS = 30


@dg.sensor(
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Publishes the status of runs, sensors, schedules and monitored models for Prometheus.",
)
def operations_figures(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SkipReason:
    """Merge the current state of Dagster into the published status, and publish it."""
    now, store = dt.datetime.now(dt.UTC), workspace.store
    before = read_pipeline_status(store) or PipelineStatus(0.0)
    if context.repository_def is None:
        raise dg.DagsterInvariantViolationError("This sensor must be evaluated within a code location.")
    since = dt.datetime.fromtimestamp(before.published_at, dt.UTC) if before.published_at else None
    jobs = job_summaries(context.instance, known=before.jobs, since=since, now=now)
    ticks = tick_summaries(context.instance, context.repository_def)
    newest = verdicts(store, known=before.verdicts, warn=context.log.warning)
    write_pipeline_status(store, PipelineStatus(now.timestamp(), jobs, ticks, newest))
    record_heartbeat(store, "operations_figures", now=now)
    return dg.SkipReason(
        f"Published the status of {len(jobs)} jobs and {len(ticks)} sensors and schedules. This sensor starts no run."
    )
