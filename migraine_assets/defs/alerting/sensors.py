"""The alert sensors: one table, one factory. For a new subject, add a row here and a probe in a module of its own.

They start no runs and change nothing but alerts. An error in one fails its tick, which the UI shows, and stops its
heartbeat. Not here: the probes (the other modules of `defs.alerting`), the kinds of alerts (`core.alerts.kinds`).
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import dagster as dg

from migraine_assets.defs.alerting import machine, results, runs, service
from migraine_assets.defs.alerting.probe import Probe, ProbeContext, ProbeResult
from migraine_assets.defs.forecast_webhooks import kept_names
from migraine_assets.defs.resources import Workspace
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.notifier import Notifier
from migraine_assets.stores.alerts.webhooks import webhooks
from migraine_assets.stores.monitoring.heartbeats import record_heartbeat
from migraine_assets.stores.store import Store


@dataclass(frozen=True)
class AlertSensor:
    """One alert sensor. `seconds`: between evaluations."""

    name: str
    seconds: int
    description: str
    probe: Probe


TABLE: tuple[AlertSensor, ...] = (
    AlertSensor("alert_failed_runs", 30, "Alerts on failed runs until the job succeeds again.", runs.failed_runs),
    AlertSensor("alert_failed_checks", 30, "Alerts on failed checks, blocking or not.", runs.failed_checks),
    AlertSensor("alert_monitoring", 60, "Alerts on drift and on degraded performance.", results.monitoring),
    AlertSensor("alert_service", 60, "Alerts on errors, latency and refused bundles of the service.", service.service),
    AlertSensor("alert_disk", 300, "Alerts when a disk is nearly full.", machine.disk),
    AlertSensor(machine.HEARTBEATS, 60, "Alerts when another sensor or schedule is silent.", machine.heartbeats),
    AlertSensor("alert_delivery", 30, "Retries undelivered messages.", machine.queued_messages),
)


def alert_sensors(*, running: bool) -> list[dg.SensorDefinition]:
    """Return the sensors. `running`: whether they are on by default."""
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    return [_sensor(row, status=status) for row in TABLE]


def on_by_default(settings: Settings) -> bool:
    """Return whether alert sensors are on by default: with automation, or with at least one channel or webhook.

    Raises `ConfigurationError` for webhooks that cannot be read, so that the code does not load with them: otherwise
    they would stop every alert.
    """
    endpoints = webhooks(settings.webhook_endpoints)
    return settings.automation or bool(settings.channel_urls or endpoints)


def _sensor(row: AlertSensor, *, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(name=row.name, description=row.description, minimum_interval_seconds=row.seconds, default_status=status)
    def tick(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SkipReason:
        result = evaluate(row, context, workspace.store, now=lambda: dt.datetime.now(dt.UTC))
        return dg.SkipReason(result.sentence)

    return tick


def evaluate(
    row: AlertSensor, context: dg.SensorEvaluationContext, store: Store, *, now: Callable[[], dt.datetime]
) -> ProbeResult:
    """Run one tick: probe, report, then store the cursor and the heartbeat. Tests pass another `now`."""
    settings, started = Settings(), now()
    probe_context = ProbeContext(
        store, settings, context.instance, started, context.cursor or "", context.repository_def
    )
    notifier = Notifier(
        store,
        settings.root,
        channels(settings.channel_urls),
        webhooks=webhooks(settings.webhook_endpoints),
        names=partial(kept_names, settings, store),
    )
    result = row.probe(probe_context, notifier)
    notifier.report(result.observation, now=started)
    # After the report: if it failed, the next evaluation sees the same events again.
    if result.cursor != (context.cursor or ""):
        context.update_cursor(result.cursor)
    record_heartbeat(store, row.name, now=now())
    return result
