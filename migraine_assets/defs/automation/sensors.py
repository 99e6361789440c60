"""Sensors that start training by themselves: after new diaries, drift or degradation.

Every evaluation records a heartbeat, and every decision, including the one not to act, is recorded once with its
reasons. All steps are idempotent: a run's key is derived from its cause, so neither a restart nor a lost cursor starts
a second run. Not here: what they examine (`defs.automation.triggers`, `defs.automation.new_diaries`), the decision
(`core.monitoring.retraining`).
"""

import datetime as dt

import dagster as dg

from migraine_assets.core.monitoring.retraining import Kind, decide_retraining, training_now
from migraine_assets.defs.automation import new_diaries
from migraine_assets.defs.automation.triggers import (
    TRIGGER,
    TRIGGER_KEY,
    TRIGGER_REASON,
    events,
    last_training,
    newest_day,
    training_in_flight,
    training_state,
    was_started,
)
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.decisions import AutomationDecision, record_decision
from migraine_assets.stores.monitoring.heartbeats import record_heartbeat

SECONDS = 30
Evaluation = dg.RunRequest | dg.SkipReason


def automation_sensors(*, on: bool) -> list[dg.SensorDefinition]:
    """Return the sensors. `on`: their status in the code; a user can switch each of them in the UI."""
    status = dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED
    return [_new_diaries(status), _retraining("drift", status), _retraining("degradation", status)]


def _retraining(kind: Kind, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    name = f"{kind}_retraining"

    @dg.sensor(
        name=name,
        job_name="retrain",
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description=f"Starts a retraining when monitoring reports {kind}: one run per event, one at a time.",
    )
    def sensor(context: dg.SensorEvaluationContext, workspace: Workspace) -> Evaluation:
        now = dt.datetime.now(dt.UTC)
        record_heartbeat(workspace.store, name, now=now)
        alarms = list(events(workspace.store, kind))
        state = training_state(context.instance, workspace.store, keys=[event.run_key for event in alarms], now=now)
        cool_down = dt.timedelta(hours=workspace.params().automation.cool_down_hours)
        refused = []
        for event in alarms:
            decision = decide_retraining(event, state, cool_down=cool_down)
            about = f"{event.task} {event.bundle[:12]}, {kind} since {event.since}"
            record_decision(
                workspace.store, AutomationDecision(now, name, about, decision.act, decision.reasons, event.run_key)
            )
            if decision.act:
                # One run trains both tasks.
                reason = f"Retraining of {about}: {' '.join(decision.reasons)}"
                return _request(context, name, event.run_key, reason=reason)
            refused.append(f"No retraining of {about}: {' '.join(decision.reasons)}")
        return dg.SkipReason(" ".join(refused) or _without_alarm(workspace, kind))

    return sensor


def _new_diaries(status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_diaries",
        job_name="full_pipeline",
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description="Starts the whole pipeline when landing folder, source or service contain a new diary.",
    )
    def sensor(context: dg.SensorEvaluationContext, workspace: Workspace) -> Evaluation:
        now = dt.datetime.now(dt.UTC)
        record_heartbeat(workspace.store, "new_diaries", now=now)
        arrival = new_diaries.find_arrival(workspace, cursor=context.cursor, now=now.timestamp())
        key = f"diary:{arrival.identity}"
        known = arrival.identity is None or was_started(context.instance, key)
        if not known and arrival.continuous and (waits := _cool_down(context.instance, workspace, now=now)):
            return dg.SkipReason(f"{arrival.reason} {waits}")
        running = () if known else training_in_flight(context.instance)
        # A diary that has to wait is examined again.
        context.update_cursor("" if running else arrival.cursor)
        if known:
            handled = f"The pipeline was already started for the diary in {arrival.about} ({arrival.identity})."
            return dg.SkipReason(arrival.reason if arrival.identity is None else handled)
        waits = f"{arrival.reason} It waits: {training_now(running[0])}" if running else ""
        reason = training_now(running[0]) if running else arrival.reason
        record_decision(
            workspace.store, AutomationDecision(now, "new_diaries", arrival.about, not running, (reason,), key)
        )
        if running:
            return dg.SkipReason(waits)
        return _request(context, "new_diaries", key, reason=reason, source=arrival.source)

    return sensor


def _without_alarm(workspace: Workspace, kind: Kind) -> str:
    day = newest_day(workspace.store, kind)
    if day is None:
        return "No retraining: there is no monitoring result yet. Run the job monitoring, or `migraine monitor`."
    return f"No retraining: the results of {day} report no {kind}."


def _cool_down(instance: dg.DagsterInstance, workspace: Workspace, *, now: dt.datetime) -> str:
    """Return why a run has to wait for the cool-down of the last training; empty if it need not."""
    hours = workspace.params().automation.cool_down_hours
    last = last_training(instance)
    if last is None or now >= last + dt.timedelta(hours=hours):
        return ""
    return f"The last training ended at {last:%Y-%m-%d %H:%M} UTC, and the next one waits {hours:g} h."


def _request(
    context: dg.SensorEvaluationContext, sensor: str, key: str, *, reason: str, source: str | None = None
) -> dg.RunRequest:
    """Return a run request with its reason as a tag. `source`: what it reads, if not the configured source.

    The reason is also logged, because a tick that starts a run has no message of its own.
    """
    context.log.info(reason)
    config = {"ops": {"raw_diary": {"config": {"source": source}}}} if source else {}
    tags = {TRIGGER: sensor, TRIGGER_KEY: key, TRIGGER_REASON: reason}
    return dg.RunRequest(run_key=key, run_config=config, tags=tags)
