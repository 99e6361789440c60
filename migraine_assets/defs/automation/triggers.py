"""What monitoring's newest results ask for, and what Dagster knows of training runs.

Here belongs reading. Not here: the choice (`core.monitoring.retraining`), the sensors (`sensors`).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from migraine_assets.core.monitoring.retraining import Event, Kind, Situation
from migraine_assets.stores.monitoring.results import Kind as ResultKind
from migraine_assets.stores.monitoring.results import latest
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store

TRIGGER, TRIGGER_KEY = "migraine/trigger", "migraine/trigger_key"
TRAINING_JOBS = ("full_pipeline", "retrain")
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ALARMING: dict[Kind, tuple[ResultKind, str]] = {"drift": ("drift", "drift"), "degradation": ("realised", "degraded")}


def events(store: Store, kind: Kind) -> Iterator[Event]:
    """The alarms of the newest result, one for each task."""
    result, status = ALARMING[kind]
    newest = latest(store, result)
    for task, said in (newest[1].get("tasks") or {}).items() if newest else ():
        if said["status"] == status:
            yield Event(
                kind, task, said["bundle"], said.get("since") or str(newest and newest[0]), tuple(said["reasons"])
            )


def situation(instance: dg.DagsterInstance, store: Store, *, keys: list[str], now: dt.datetime) -> Situation:
    """What is going on; `keys`: the run keys that are asked about."""
    return Situation(
        now=now,
        serving={task: place.champion for task, place in read_pointer(store).tasks.items()},
        in_flight=training_in_flight(instance),
        started=tuple(key for key in keys if was_started(instance, key)),
        last_training=_last_training(instance),
    )


def training_in_flight(instance: dg.DagsterInstance) -> tuple[str, ...]:
    """The training runs that have not ended, by their id."""
    return tuple(
        run.run_id
        for job in TRAINING_JOBS
        for run in instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED))
    )


def was_started(instance: dg.DagsterInstance, key: str) -> bool:
    """Whether a run has this key. Asked of the runs, not of a cursor: that can be lost."""
    return bool(instance.get_runs(dg.RunsFilter(tags={TRIGGER_KEY: key}), limit=1))


def _last_training(instance: dg.DagsterInstance) -> dt.datetime | None:
    ended = [
        record.end_time
        for job in TRAINING_JOBS
        for record in instance.get_run_records(dg.RunsFilter(job_name=job), limit=20)
        if record.end_time
    ]
    return dt.datetime.fromtimestamp(max(ended), dt.UTC) if ended else None
