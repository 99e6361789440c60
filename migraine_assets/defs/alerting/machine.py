"""Looks at what all this runs on: full disks, silent sensors, messages that wait. Not here: the service."""

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from migraine_assets.core.alerts.kinds import Alert, Severity, alert
from migraine_assets.core.alerts.message import lasted, moment
from migraine_assets.defs.alerting.probe import Finding, Scene
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.monitoring.heartbeats import heartbeats as last_beats

DEFAULT_INTERVAL = 30  # Dagster's, where a sensor names none
LEAST_SILENCE = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Expected:
    """`on`: unless somebody switched it off. `silence`: how long it may go without a heartbeat."""

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


# Free share and free bytes: both must be short, so that a large disk may be nearly full in percent.
DISK_LIMITS: tuple[tuple[Severity, float, float], ...] = (("critical", 0.03, 5e9), ("warning", 0.10, 20e9))
HEARTBEATS = "alert_heartbeats"
LOCATION = "migraine_assets"


def disk(scene: Scene, _: Notifier) -> Finding:
    """The disks under home, the store and Dagster's own state, each once."""
    seen, sentences = [], []
    for place in _disks(scene):
        usage = shutil.disk_usage(place)
        sentence = f"{place}: {usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB are free."
        sentences.append(sentence)
        if (severity := shortage(usage.free, usage.total)) is not None:
            what = f"{sentence} Free some, or nothing more can be logged, trained or promoted."
            seen.append(alert("disk_nearly_full", str(place), what, since=scene.now, severity=severity))
    return Finding(Observation(tuple(seen), frozenset({"disk_nearly_full"})), " ".join(sentences))


def shortage(free: float, total: float) -> Severity | None:
    """How bad it is that `free` of `total` bytes are left; None where it is not."""
    return next((grade for grade, share, least in DISK_LIMITS if free < share * total and free < least), None)


def _disks(scene: Scene) -> list[Path]:
    """One folder of each disk: home before the others, so that the alert keeps its name."""
    places = [scene.settings.root, Path(os.environ.get("DAGSTER_HOME") or scene.settings.root)]
    places += [Path(scene.store.root)] if scene.store.local else []
    # What is not there yet will be on the disk of the folder above it.
    there = [next(one for one in (place, *place.absolute().parents) if one.exists()) for place in places]
    return list({place.stat().st_dev: place for place in reversed(there)}.values())


def heartbeats(scene: Scene, _: Notifier) -> Finding:
    """The sensors and schedules that are on and yet silent.

    After a pause of this look itself, such as a stopped daemon, nobody can be blamed for having been silent too.
    """
    beats, on = last_beats(scene.store), {name: one for name, one in expected(scene).items() if one.on}
    waiting = set(on)
    first_missed = _first_missed(scene, waiting - set(beats))
    own = beats.get(HEARTBEATS)
    if own is not None and HEARTBEATS in waiting and scene.now - own > on[HEARTBEATS].silence:
        unknown = frozenset(("heartbeat_lost", name) for name in waiting)
        sentence = f"Nothing was looked at since {moment(own)}; everyone gets time to beat again."
        return Finding(Observation(whole=frozenset({"heartbeat_lost"}), unknown=unknown), sentence)
    since = {name: beats.get(name, first_missed.get(name, scene.now)) for name in sorted(waiting)}
    seen = tuple(_silent(scene, on, since))
    sentence = f"{len(waiting)} sensors and schedules are on, {len(seen)} of them silent."
    cursor = json.dumps({name: when.isoformat() for name, when in first_missed.items()})
    return Finding(Observation(seen, frozenset({"heartbeat_lost"})), sentence, cursor)


def _first_missed(scene: Scene, never: set[str]) -> dict[str, dt.datetime]:
    """Since when those who never beat have been waited for."""
    try:
        known: Mapping[str, str] = json.loads(scene.cursor or "{}")
        return {name: dt.datetime.fromisoformat(known[name]) if name in known else scene.now for name in never}
    except (ValueError, TypeError):
        return dict.fromkeys(never, scene.now)


def _silent(scene: Scene, on: Mapping[str, Expected], since: Mapping[str, dt.datetime]) -> Iterator[Alert]:
    for name, last in since.items():
        if scene.now - last > on[name].silence:
            kind = "sensors" if on[name].is_sensor else "schedules"
            what = f"It was last evaluated to its end at {moment(last)}; {lasted(on[name].silence)} would be normal."
            link = scene.link(f"locations/{LOCATION}/{kind}/{name}")
            yield alert("heartbeat_lost", name, what, since=last, link=link)


def delivery(scene: Scene, notifier: Notifier) -> Finding:
    """Send what waits and is due, and once a day forget what is old."""
    attempts = notifier.deliver(now=scene.now)
    today = scene.now.date().isoformat()
    if scene.cursor != today:
        notifier.tidy(now=scene.now)
    lost = sum(1 for attempt in attempts if attempt.problem)
    return Finding(Observation(), f"{len(attempts)} messages were tried, {lost} did not arrive.", today)
