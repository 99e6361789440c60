"""Possible causes of a retraining: alarms in the newest monitoring results, and the state of Dagster's training runs.

Not here: the decision (`core.monitoring.retraining`), the sensors (`defs.automation.sensors`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from migraine_assets.core.monitoring.retraining import Event, Kind, TrainingState
from migraine_assets.core.monitoring.verdict import Status
from migraine_assets.stores.monitoring.results import DRIFT, REALIZED, ResultKind, TaskResult, latest_result
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store

# Tags of a run that a sensor started: the sensor, the cause that has one run only, and the reason in words.
TRIGGER, TRIGGER_KEY, TRIGGER_REASON = "migraine/trigger", "migraine/trigger_key", "migraine/trigger_reason"
TRAINING_JOBS = ("full_pipeline", "retrain")
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ALARMING: dict[Kind, tuple[ResultKind[Any], Status]] = {
    "drift": (DRIFT, "drift"),
    "degradation": (REALIZED, "degraded"),
}


def events(store: Store, kind: Kind) -> Iterator[Event]:
    """Yield the alarms of the newest result, at most one per task."""
    result_kind, status = ALARMING[kind]
    newest = latest_result(store, result_kind)
    if newest is None:
        return
    day, content = newest
    tasks: Mapping[str, TaskResult] = content.tasks
    for task, result in tasks.items():
        if result.status == status:
            yield Event(kind, task, result.bundle, (result.since or day).isoformat(), result.reasons)


def newest_day(store: Store, kind: Kind) -> dt.date | None:
    """Return the day of the newest result that could report an alarm of this kind, or None if there is none."""
    newest = latest_result(store, ALARMING[kind][0])
    return newest[0] if newest else None


def training_state(instance: dg.DagsterInstance, store: Store, *, keys: list[str], now: dt.datetime) -> TrainingState:
    """Return the serving models, the unfinished training runs, and which run keys in `keys` had their run."""
    return TrainingState(
        now=now,
        serving={task: serving.champion for task, serving in read_pointer(store).tasks.items()},
        in_flight=training_in_flight(instance),
        started=tuple(key for key in keys if was_started(instance, key)),
        last_training=last_training(instance),
    )


def training_in_flight(instance: dg.DagsterInstance) -> tuple[str, ...]:
    """Return the ids of the unfinished training runs."""
    return tuple(
        run.run_id
        for job in TRAINING_JOBS
        for run in instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED))
    )


def was_started(instance: dg.DagsterInstance, key: str) -> bool:
    """Return whether a run has this key. The runs are queried, because a sensor's cursor can be lost."""
    return bool(instance.get_runs(dg.RunsFilter(tags={TRIGGER_KEY: key}), limit=1))


def last_training(instance: dg.DagsterInstance) -> dt.datetime | None:
    """Return when the last training run ended; None if there was none."""
    ends = [
        record.end_time
        for job in TRAINING_JOBS
        for record in instance.get_run_records(dg.RunsFilter(job_name=job), limit=20)
        if record.end_time
    ]
    return dt.datetime.fromtimestamp(max(ends), dt.UTC) if ends else None
