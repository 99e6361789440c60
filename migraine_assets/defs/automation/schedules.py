"""Schedules: the nightly forecasts, the daily monitoring, and a weekly report.

Not here: the assets that they materialize (`defs.forecasts`, `defs.monitoring.assets`).
"""

import datetime as dt

import dagster as dg

from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.heartbeats import record_heartbeat

# After midnight UTC, when replicas have flushed the last records of the day.
DAILY, WEEKLY = "15 1 * * *", "0 6 * * 1"
# When the diaries of the day that has ended are complete, and before anybody gets up.
NIGHTLY = "30 2 * * *"


def automation_schedules(*, on: bool) -> list[dg.ScheduleDefinition]:
    """Return all schedules. `on`: their status in the code; a user can switch each of them in the UI."""
    status = dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED
    return [
        _schedule("nightly_forecasts", "nightly_forecasts", NIGHTLY, status, "Forecasts the day that begins.", ago=0),
        _schedule("daily_monitoring", "monitoring", DAILY, status, "Monitors the day that has ended (UTC)."),
        _schedule("weekly_report", "weekly_report", WEEKLY, status, "Writes the page of the week that has ended."),
    ]


def _schedule(
    name: str, job: str, cron: str, status: dg.DefaultScheduleStatus, description: str, *, ago: int = 1
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=status,
        description=description,
    )
    def schedule(context: dg.ScheduleEvaluationContext, workspace: Workspace) -> dg.RunRequest:
        record_heartbeat(workspace.store, name, now=dt.datetime.now(dt.UTC))
        day = (context.scheduled_execution_time.astimezone(dt.UTC) - dt.timedelta(days=ago)).date().isoformat()
        return dg.RunRequest(run_key=f"{name}:{day}", partition_key=day, tags={"migraine/trigger": name})

    return schedule
