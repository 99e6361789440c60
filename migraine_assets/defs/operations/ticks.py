"""When sensors and schedules were last evaluated, as Dagster itself recorded it. Not here: runs (`runs`)."""

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorType, TickStatus

from migraine_assets.stores.operations import TickFigures

# Dagster's own interval for a sensor that names none.
INTERVAL = 30
GOOD = (TickStatus.SUCCESS, TickStatus.SKIPPED)
KINDS = {InstigatorType.SENSOR: "sensor", InstigatorType.SCHEDULE: "schedule"}


def tick_figures(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> dict[str, TickFigures]:
    """Every sensor and schedule of `repository` that is switched on and has been evaluated or started."""
    found = {}
    for state in instance.all_instigator_state():
        kind = KINDS.get(state.instigator_type)
        if kind and (interval := _interval(repository, state.name, kind, state.status)) is not None:
            good, bad = _last(instance, state, *GOOD), _last(instance, state, TickStatus.FAILURE)
            found[state.name] = TickFigures(kind, interval, last_success=good, last_failure=bad)
    return found


def _interval(repository: dg.RepositoryDefinition, name: str, kind: str, status: InstigatorStatus) -> float | None:
    """Seconds between evaluations (0 for a schedule); None for what is off or no longer in the code."""
    known = repository.has_sensor_def(name) if kind == "sensor" else repository.has_schedule_def(name)
    if not known:
        return None
    definition = repository.get_sensor_def(name) if kind == "sensor" else repository.get_schedule_def(name)
    on = definition.default_status.value == "RUNNING" and status != InstigatorStatus.STOPPED
    if not (on or status == InstigatorStatus.RUNNING):
        return None
    return (
        float(definition.minimum_interval_seconds or INTERVAL) if isinstance(definition, dg.SensorDefinition) else 0.0
    )


def _last(instance: dg.DagsterInstance, state: InstigatorState, *statuses: TickStatus) -> float:
    """The moment of the last tick with one of these, 0.0 where there is none."""
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1, statuses=list(statuses))
    return float(ticks[0].timestamp) if ticks else 0.0
