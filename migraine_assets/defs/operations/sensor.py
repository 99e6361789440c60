"""The sensor that publishes how the automation goes. It starts nothing.

Here belongs the order of steps. It is on by default: Prometheus must hear of a failed run also where nothing is
automated. That it falls silent with the daemon is what the alert MigraineDagsterSilent is for.
"""

import datetime as dt

import dagster as dg

from migraine_assets.defs.operations.runs import job_figures
from migraine_assets.defs.operations.ticks import tick_figures
from migraine_assets.defs.operations.verdicts import verdicts
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.heartbeats import beat
from migraine_assets.stores.operations import Operations, read_operations, write_operations

SECONDS = 30


@dg.sensor(
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Publishes for Prometheus how runs, sensors, schedules and monitored models are; starts nothing.",
)
def operations_figures(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SkipReason:
    """Merge what Dagster knows now into what was published, and publish it."""
    now, store = dt.datetime.now(dt.UTC), workspace.store
    before = read_operations(store) or Operations(0.0)
    if context.repository_def is None:
        raise dg.DagsterInvariantViolationError("A sensor is evaluated within a code location.")
    since = dt.datetime.fromtimestamp(before.published_at, dt.UTC) if before.published_at else None
    jobs = job_figures(context.instance, known=before.jobs, since=since, now=now)
    ticks = tick_figures(context.instance, context.repository_def)
    found = verdicts(store, known=before.verdicts, complain=context.log.warning)
    write_operations(store, Operations(now.timestamp(), jobs, ticks, found))
    beat(store, "operations_figures", now=now)
    return dg.SkipReason(f"Published: {len(jobs)} jobs, {len(ticks)} sensors and schedules.")
