"""What Dagster's runs say of each job. Not here: sensors and schedules (`ticks`), publishing (`sensor`)."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping

import dagster as dg
from msgspec.structs import replace

from migraine_assets.stores.operations import JobFigures

ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
WAITING = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
RUNNING = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
WILL_RETRY = "dagster/will_retry"
MOST_RUNS = 1000
# A run's record may be written a little later than the moment that it carries.
OVERLAP = dt.timedelta(minutes=10)
# What nobody has run for so long is told no more: its job may be gone from the code.
FORGET = dt.timedelta(days=60)


def job_figures(
    instance: dg.DagsterInstance, *, known: Mapping[str, JobFigures], since: dt.datetime | None, now: dt.datetime
) -> dict[str, JobFigures]:
    """`known` with the runs that ended after `since` (None: all that Dagster has), and those that are under way."""
    found = dict(known)
    after = since - OVERLAP if since else None
    ended = dg.RunsFilter(statuses=list(ENDED), updated_after=after)
    for record in instance.get_run_records(ended, limit=MOST_RUNS, order_by="update_timestamp"):
        name = record.dagster_run.job_name
        found[name] = with_run(found.get(name, JobFigures()), record)
    counts = _unfinished(instance)
    oldest = (now - FORGET).timestamp()
    kept = {name for name, job in found.items() if max(job.last_success, job.last_failure) >= oldest}
    return {
        name: replace(found.get(name, JobFigures()), queued=counts[name, "queued"], running=counts[name, "running"])
        for name in sorted(kept | {name for name, _ in counts})
    }


def with_run(job: JobFigures, record: dg.RunRecord) -> JobFigures:
    """`job` after a run that ended. A failure that Dagster itself will repeat is none yet."""
    end = record.end_time or record.update_timestamp.timestamp()
    if record.dagster_run.status == dg.DagsterRunStatus.SUCCESS:
        if end <= job.last_success:
            return job
        return replace(job, last_success=end, last_duration=end - (record.start_time or end))
    if record.dagster_run.tags.get(WILL_RETRY) == "true":
        return job
    return replace(job, last_failure=max(end, job.last_failure))


def _unfinished(instance: dg.DagsterInstance) -> Counter[tuple[str, str]]:
    under_way = dg.RunsFilter(statuses=[*WAITING, *RUNNING])
    runs = (record.dagster_run for record in instance.get_run_records(under_way, limit=MOST_RUNS))
    return Counter((run.job_name, "queued" if run.status in WAITING else "running") for run in runs)
