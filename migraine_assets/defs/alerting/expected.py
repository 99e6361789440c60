"""Which sensors and schedules are on, and how long each may be silent. Not here: who is silent (`machine`)."""

import datetime as dt
from dataclasses import dataclass

from migraine_assets.defs.alerting.looking import Scene

DEFAULT_INTERVAL = 30  # Dagster's, where a sensor names none
LEAST_SILENCE = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Expected:
    """`on`: unless somebody switched it off. `silence`: how long it may go without a beat."""

    on: bool
    silence: dt.timedelta
    is_sensor: bool = True


def expected(scene: Scene) -> dict[str, Expected]:
    """Every sensor and schedule of this code location by name; none where the location is not known."""
    repository = scene.repository
    if repository is None:
        return {}
    states = {state.instigator_name: state.status.value for state in scene.instance.all_instigator_state()}
    sensors = {
        one.name: Expected(is_on(states.get(one.name), one.default_status.value), silence(one.minimum_interval_seconds))
        for one in repository.sensor_defs
    }
    schedules = {
        one.name: Expected(
            is_on(states.get(one.name), one.default_status.value), pause(one.cron_schedule), is_sensor=False
        )
        for one in repository.schedule_defs
    }
    return sensors | schedules


def is_on(state: str | None, default: str) -> bool:
    """What somebody switched counts, and else what the code says."""
    return (default if state in (None, "DECLARED_IN_CODE") else state) == "RUNNING"


def silence(seconds: int | None) -> dt.timedelta:
    return max(LEAST_SILENCE, dt.timedelta(seconds=5 * (seconds or DEFAULT_INTERVAL)))


def pause(cron: object) -> dt.timedelta:
    """How long a schedule may be silent, by its fields for the day: a month, a week or a day, and some hours."""
    fields = str(cron).split()
    monthly, weekly = (len(fields) == 5 and fields[place] != "*" for place in (2, 4))
    return dt.timedelta(days=32 if monthly else 8 if weekly else 1, hours=2)
