"""What happens by the clock: the monitoring of each day, and a page every week.

Not here: what is materialized then (`defs.monitoring`).
"""

import datetime as dt

import dagster as dg

from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.heartbeats import beat

# After midnight UTC, when the last receipts of the day have long been flushed.
DAILY, WEEKLY = "15 1 * * *", "0 6 * * 1"


def automation_schedules(*, on: bool) -> list[dg.ScheduleDefinition]:
    """Both; `on`: running unless somebody switches them off."""
    status = dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED
    return [
        _schedule("daily_monitoring", "monitoring", DAILY, status, "Looks at the day that has ended (UTC)."),
        _schedule("weekly_report", "weekly_report", WEEKLY, status, "Writes the page of the week that has ended."),
    ]


def _schedule(
    name: str, job: str, cron: str, status: dg.DefaultScheduleStatus, description: str
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
        beat(workspace.store, name, now=dt.datetime.now(dt.UTC))
        day = (context.scheduled_execution_time.astimezone(dt.UTC) - dt.timedelta(days=1)).date().isoformat()
        return dg.RunRequest(run_key=f"{name}:{day}", partition_key=day, tags={"migraine/trigger": name})

    return schedule
