"""The sensors of alerting: one table, one factory. A new place to look at is a line here, and a look in a module.

They start nothing and change nothing but the alerts. What goes wrong in one fails its tick, where it can be seen, and
silences its heartbeat.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from migraine_assets.defs.alerting import machine, results, runs, service
from migraine_assets.defs.alerting.probe import Finding, Look, Scene
from migraine_assets.defs.resources import Workspace
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.notifier import Notifier
from migraine_assets.stores.monitoring.heartbeats import record_heartbeat
from migraine_assets.stores.store import Store


@dataclass(frozen=True)
class AlertSensor:
    """One line of the table."""

    name: str
    seconds: int
    about: str
    look: Look


TABLE: tuple[AlertSensor, ...] = (
    AlertSensor("alert_failed_runs", 30, "Alerts when a run fails, and when its job succeeds again.", runs.failed_runs),
    AlertSensor("alert_failed_checks", 30, "Alerts on failed checks, blocking or not.", runs.failed_checks),
    AlertSensor("alert_monitoring", 60, "Alerts on drift and on degraded performance.", results.monitoring),
    AlertSensor("alert_service", 60, "Alerts on errors, slow answers and refused bundles.", service.service),
    AlertSensor("alert_disk", 300, "Alerts when a disk is nearly full.", machine.disk),
    AlertSensor(machine.HEARTBEATS, 60, "Alerts when another sensor or schedule is silent.", machine.heartbeats),
    AlertSensor("alert_delivery", 30, "Sends again what a channel did not take.", machine.delivery),
)


def alert_sensors(*, running: bool) -> list[dg.SensorDefinition]:
    """The sensors, on from the start where `running`."""
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    return [_sensor(line, status=status) for line in TABLE]


def wanted(settings: Settings) -> bool:
    """Whether alerts are on from the start: somebody is there to hear them, or everything is to run by itself."""
    return settings.automation or bool(settings.channel_urls)


def _sensor(line: AlertSensor, *, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(name=line.name, description=line.about, minimum_interval_seconds=line.seconds, default_status=status)
    def evaluate(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SkipReason:
        finding = evaluated(line, context, workspace.store, now=lambda: dt.datetime.now(dt.UTC))
        return dg.SkipReason(finding.sentence)

    return evaluate


def evaluated(
    line: AlertSensor, context: dg.SensorEvaluationContext, store: Store, *, now: Callable[[], dt.datetime]
) -> Finding:
    """One tick: look, report, and then remember. The clock is given, so that tests can turn it."""
    settings, began = Settings(), now()
    scene = Scene(store, settings, context.instance, began, context.cursor or "", context.repository_def)
    teller = Notifier(store, settings.root, channels(settings.channel_urls))
    finding = line.look(scene, teller)
    teller.report(finding.observation, now=began)
    # After the report: what could not be told is looked at again.
    if finding.cursor != (context.cursor or ""):
        context.update_cursor(finding.cursor)
    record_heartbeat(store, line.name, now=now())
    return finding
