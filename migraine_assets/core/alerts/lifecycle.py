"""The lifecycle of an alert: which sightings are sent, and which are folded into an earlier message.

An alert is sent when it is new, when it gets worse, once a day while it lasts, and when it is resolved. Other sightings
are only counted. Not here: raising alerts (`defs.alerting`), storing their states (`stores.alerts.open_alerts`), the
wording of messages (`core.alerts.message`).
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from migraine_assets.core.alerts.kinds import BY_NAME, SEVERITIES, Alert, Ended, Severity

Change = Literal["new", "worse", "lasting", "over"]


@dataclass(frozen=True)
class FoldingRules:
    """Rules of folding. `remind_hours`: time between two messages about an alert that lasts."""

    remind_hours: float = 24.0


@dataclass(frozen=True)
class AlertState:
    """The known state of an alert.

    `last_seen`: time of the newest sighting, or of the end. `notified_at`, `notified_severity`: time and severity of
    the last message. `folded`: number of sightings since that message. `absent_since`: since when the condition is
    absent, if the alert is not resolved yet. `resolved_at`: a resolved alert is kept, so that reading its events again
    changes nothing.
    """

    alert: Alert
    first_seen: dt.datetime
    last_seen: dt.datetime
    notified_at: dt.datetime
    notified_severity: Severity
    count: int = 1
    folded: int = 0
    absent_since: dt.datetime | None = None
    resolved_at: dt.datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the alert is not resolved."""
        return self.resolved_at is None


@dataclass(frozen=True)
class AlertUpdate:
    """A change of an alert to send. `state`: state after the change. `folded`: sightings since the last message."""

    change: Change
    state: AlertState
    folded: int = 0


@dataclass(frozen=True)
class Transition:
    """The state after a sighting or an end, and the update to send; None if nothing is sent."""

    state: AlertState
    update: AlertUpdate | None = None


def on_sighting(
    known: AlertState | None, alert: Alert, *, now: dt.datetime, rules: FoldingRules | None = None
) -> Transition:
    """Apply a sighting of `alert` to the known state.

    An event that is not newer than the last sighting changes nothing.
    """
    when = alert.happened or now
    if known is not None and alert.happened is not None and alert.happened <= known.last_seen:
        return Transition(known)
    if known is None or not known.open:
        new = AlertState(alert, alert.since, last_seen=when, notified_at=now, notified_severity=alert.severity)
        return Transition(new, AlertUpdate("new", new))
    state = replace(
        known,
        alert=replace(alert, since=min(alert.since, known.alert.since)),
        last_seen=when,
        count=known.count + 1,
        folded=known.folded + 1,
        absent_since=None,
    )
    change = _change(state, now=now, rules=rules or FoldingRules())
    return _notified(state, change, now=now) if change else Transition(state)


def on_end(known: AlertState | None, end: Ended, *, now: dt.datetime) -> Transition | None:
    """Apply the absence or the end of a condition to the known state.

    The alert is resolved after the settling time of its kind. Returns None if no such alert is open, or if the event is
    not newer than the last sighting.
    """
    if known is None or not known.open or (end.happened is not None and end.happened <= known.last_seen):
        return None
    # If the clock was set back, the settling time must not become longer.
    since = min(known.absent_since or now, now)
    if now - since < dt.timedelta(minutes=BY_NAME[known.alert.kind].settle_minutes):
        return Transition(replace(known, absent_since=since))
    state = replace(known, last_seen=end.happened or now, resolved_at=end.happened or since)
    return _notified(state, "over", now=now)


def _change(state: AlertState, *, now: dt.datetime, rules: FoldingRules) -> Change | None:
    if SEVERITIES.index(state.alert.severity) > SEVERITIES.index(state.notified_severity):
        return "worse"
    return "lasting" if abs(now - state.notified_at) >= dt.timedelta(hours=rules.remind_hours) else None


def _notified(state: AlertState, change: Change, *, now: dt.datetime) -> Transition:
    after = replace(state, notified_at=now, notified_severity=state.alert.severity, folded=0, absent_since=None)
    return Transition(after, AlertUpdate(change, after, folded=state.folded))
