"""What starts training without anybody asking: new diaries, drift, degradation.

Here belong Dagster's sensors. Not here: what they look at (`events`, `arrivals`), the choice (`core.monitoring`).
Each evaluation leaves a heartbeat; each decision, also the one not to act, is recorded once with its reasons. All is
idempotent: the key of a run comes from what it is about, so that neither a restart nor a lost cursor repeats it.
"""

import datetime as dt

import dagster as dg

from migraine_assets.core.monitoring.retraining import Kind, choose
from migraine_assets.defs.automation import new_diaries
from migraine_assets.defs.automation.triggers import (
    TRIGGER,
    TRIGGER_KEY,
    events,
    situation,
    training_in_flight,
    was_started,
)
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.monitoring.decisions import Recorded, record
from migraine_assets.stores.monitoring.heartbeats import beat

SECONDS = 30
Asked = dg.RunRequest | dg.SkipReason


def automation_sensors(*, on: bool) -> list[dg.SensorDefinition]:
    """All of them; `on`: running unless somebody switches them off, otherwise the reverse."""
    status = dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED
    return [_new_diaries(status), _retraining("drift", status), _retraining("degradation", status)]


def _retraining(kind: Kind, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{kind}_retraining",
        job_name="retrain",
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description=f"Starts a retraining when monitoring finds a {kind}: one for each, one at a time, with a pause.",
    )
    def sensor(context: dg.SensorEvaluationContext, workspace: Workspace) -> Asked:
        name, now = f"{kind}_retraining", dt.datetime.now(dt.UTC)
        beat(workspace.store, name, now=now)
        found = list(events(workspace.store, kind))
        going_on = situation(context.instance, workspace.store, keys=[event.run_key for event in found], now=now)
        cool_down = dt.timedelta(hours=workspace.params().automation.cool_down_hours)
        refused = []
        for event in found:
            choice = choose(event, going_on, cool_down=cool_down)
            about = f"{event.task} {event.bundle[:12]}, {kind} since {event.since}"
            record(workspace.store, Recorded(now, name, about, choice.act, choice.reasons, event.run_key))
            if choice.act:
                # The other task is trained by the same run.
                return _request(name, event.run_key)
            refused.append(f"{about}: {' '.join(choice.reasons)}")
        return dg.SkipReason(" ".join(refused) or f"The newest results know of no {kind}.")

    return sensor


def _new_diaries(status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_diaries",
        job_name="full_pipeline",
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description="Starts the whole pipeline when the landing folder or the source holds a diary that is not known.",
    )
    def sensor(context: dg.SensorEvaluationContext, workspace: Workspace) -> Asked:
        now = dt.datetime.now(dt.UTC)
        beat(workspace.store, "new_diaries", now=now)
        arrival = new_diaries.look(workspace, seen=context.cursor, now=now.timestamp())
        key = f"diary:{arrival.identity}"
        known = arrival.identity is None or was_started(context.instance, key)
        running = () if known else training_in_flight(context.instance)
        # A diary that has to wait is looked at again.
        context.update_cursor("" if running else arrival.cursor)
        if known:
            return dg.SkipReason(arrival.reason if arrival.identity is None else f"{key} has had its run.")
        reason = f"The run {running[0][:8]} trains at the moment." if running else arrival.reason
        record(workspace.store, Recorded(now, "new_diaries", arrival.about, not running, (reason,), key))
        return dg.SkipReason(reason) if running else _request("new_diaries", key)

    return sensor


def _request(sensor: str, key: str) -> dg.RunRequest:
    return dg.RunRequest(run_key=key, tags={TRIGGER: sensor, TRIGGER_KEY: key})
