"""Probes of the platform itself: disks, silent sensors and schedules, queued messages.

Not here: the service (`defs.alerting.service`).
"""

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from migraine_assets.core.alerts.kinds import Alert, Severity, alert
from migraine_assets.core.alerts.message import lasted, moment
from migraine_assets.defs.alerting.probe import ProbeContext, ProbeResult
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.monitoring.heartbeats import heartbeats as last_beats

DEFAULT_INTERVAL = 30  # seconds, Dagster's default for sensors
LEAST_SILENCE = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Expected:
    """A sensor or schedule. `on`: whether it is switched on. `silence`: the longest normal time without a heartbeat."""

    on: bool
    silence: dt.timedelta
    is_sensor: bool = True


def expected(context: ProbeContext) -> dict[str, Expected]:
    """Return every sensor and schedule of this code location by name, or nothing if the location is not known."""
    repository = context.repository
    if repository is None:
        return {}
    states = {state.instigator_name: state.status.value for state in context.instance.all_instigator_state()}
    sensors = {
        one.name: Expected(
            is_on(states.get(one.name), one.default_status.value), sensor_silence(one.minimum_interval_seconds)
        )
        for one in repository.sensor_defs
    }
    schedules = {
        one.name: Expected(
            is_on(states.get(one.name), one.default_status.value), schedule_silence(one.cron_schedule), is_sensor=False
        )
        for one in repository.schedule_defs
    }
    return sensors | schedules


def is_on(state: str | None, default: str) -> bool:
    """Return whether it is switched on: by the status set in the UI, or else by the default in the code."""
    return (default if state in (None, "DECLARED_IN_CODE") else state) == "RUNNING"


def sensor_silence(seconds: int | None) -> dt.timedelta:
    """Return how long a sensor with this interval may be silent."""
    return max(LEAST_SILENCE, dt.timedelta(seconds=5 * (seconds or DEFAULT_INTERVAL)))


def schedule_silence(cron: object) -> dt.timedelta:
    """Return how long a schedule may be silent: a month, a week or a day, by its cron fields, plus two hours."""
    fields = str(cron).split()
    monthly, weekly = (len(fields) == 5 and fields[index] != "*" for index in (2, 4))
    return dt.timedelta(days=32 if monthly else 8 if weekly else 1, hours=2)


# Severity, and the limits of the free share and the free bytes. The alert needs both below their limits, because a few
# percent of a large disk are enough.
DISK_LIMITS: tuple[tuple[Severity, float, float], ...] = (("critical", 0.03, 5e9), ("warning", 0.10, 20e9))
HEARTBEATS = "alert_heartbeats"
LOCATION = "migraine_assets"


def disk(context: ProbeContext, _: Notifier) -> ProbeResult:
    """Alert on nearly full disks: those of the home folder, the store and Dagster's state."""
    alerts, sentences = [], []
    for path in _disks(context):
        usage = shutil.disk_usage(path)
        sentence = f"{path}: {usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB are free."
        sentences.append(sentence)
        if (severity := shortage(usage.free, usage.total)) is not None:
            what = f"{sentence} Free some space: without it, logging, training and promotion stop."
            alerts.append(alert("disk_nearly_full", str(path), what, since=context.now, severity=severity))
    return ProbeResult(Observation(tuple(alerts), frozenset({"disk_nearly_full"})), " ".join(sentences))


def shortage(free: float, total: float) -> Severity | None:
    """Return the severity of having `free` of `total` bytes left, or None if that is enough."""
    limits = ((severity, share * total, least) for severity, share, least in DISK_LIMITS)
    return next((severity for severity, share, least in limits if free < share and free < least), None)


def _disks(context: ProbeContext) -> list[Path]:
    """Return one folder of each disk. Home comes before the others, so that the key of the alert does not change."""
    folders = [context.settings.root, Path(os.environ.get("DAGSTER_HOME") or context.settings.root)]
    folders += [Path(context.store.root)] if context.store.local else []
    # A folder that does not exist yet will be on the disk of its parent.
    existing = [next(one for one in (path, *path.absolute().parents) if one.exists()) for path in folders]
    return list({path.stat().st_dev: path for path in reversed(existing)}.values())


def heartbeats(context: ProbeContext, _: Notifier) -> ProbeResult:
    """Alert on sensors and schedules that are on and silent.

    After a pause of this probe itself, for example of a stopped daemon, the others get time to be evaluated again.
    """
    beats, on = last_beats(context.store), {name: one for name, one in expected(context).items() if one.on}
    first_missed = _first_missed(context, set(on) - set(beats))
    own = beats.get(HEARTBEATS)
    if own is not None and HEARTBEATS in on and context.now - own > on[HEARTBEATS].silence:
        unknown = frozenset(("heartbeat_lost", name) for name in on)
        sentence = f"Heartbeats were last evaluated at {moment(own)}; sensors and schedules get time to catch up."
        return ProbeResult(Observation(complete=frozenset({"heartbeat_lost"}), unknown=unknown), sentence)
    since = {name: beats.get(name, first_missed.get(name, context.now)) for name in sorted(on)}
    silent = tuple(_silent(context, on, since))
    sentence = f"{len(on)} sensors and schedules are on, {len(silent)} of them silent."
    cursor = json.dumps({name: when.isoformat() for name, when in first_missed.items()})
    return ProbeResult(Observation(silent, frozenset({"heartbeat_lost"})), sentence, cursor)


def _first_missed(context: ProbeContext, never: set[str]) -> dict[str, dt.datetime]:
    """Return when each sensor or schedule that was never evaluated was first missed."""
    try:
        known: Mapping[str, str] = json.loads(context.cursor or "{}")
        return {name: dt.datetime.fromisoformat(known[name]) if name in known else context.now for name in never}
    except (ValueError, TypeError):
        return dict.fromkeys(never, context.now)


def _silent(context: ProbeContext, on: Mapping[str, Expected], since: Mapping[str, dt.datetime]) -> Iterator[Alert]:
    for name, last in since.items():
        if context.now - last > on[name].silence:
            kind = "sensors" if on[name].is_sensor else "schedules"
            what = f"Last completed evaluation: {moment(last)}. Up to {lasted(on[name].silence)} would be normal."
            link = context.link(f"locations/{LOCATION}/{kind}/{name}")
            yield alert("heartbeat_lost", name, what, since=last, link=link)


def queued_messages(context: ProbeContext, notifier: Notifier) -> ProbeResult:
    """Send queued messages that are due, and once a day remove old states and messages."""
    attempts = notifier.send_due(now=context.now)
    today = context.now.date().isoformat()
    if context.cursor != today:
        notifier.prune(now=context.now)
    failed = sum(1 for attempt in attempts if attempt.problem)
    return ProbeResult(Observation(), f"Attempts to send messages: {len(attempts)}, failed: {failed}.", today)
