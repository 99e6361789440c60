"""Which sightings of an alert are told, and which are folded into what was told before.

An alert is told when it is new, when it gets worse, once a day while it lasts, and when it is over. Everything else is
counted. Not here: what is looked at, where the standings are kept, how they are worded.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from migraine_assets.core.alerts.kinds import BY_NAME, SEVERITIES, Alert, Ended, Severity

Change = Literal["new", "worse", "lasting", "over"]


@dataclass(frozen=True)
class FoldingRules:
    """`remind_hours`: how long an alert that lasts is silent."""

    remind_hours: float = 24.0


@dataclass(frozen=True)
class Standing:
    """An alert as it is known. `told`, `told_severity`: what people last heard; `folded`: sightings since then.

    `seen`: the newest sighting, or the end. `absent_since`: since when it is not seen, while that is not yet told.
    `over`: when it ended; such a standing is kept so that old events, read again, change nothing.
    """

    alert: Alert
    first: dt.datetime
    seen: dt.datetime
    told: dt.datetime
    told_severity: Severity
    count: int = 1
    folded: int = 0
    absent_since: dt.datetime | None = None
    over: dt.datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it goes on, as far as people were told."""
        return self.over is None


@dataclass(frozen=True)
class Notice:
    """Something to tell: what changed, with the standing after it."""

    change: Change
    standing: Standing
    folded: int = 0


@dataclass(frozen=True)
class Folded:
    """A standing after a sighting; None as the notice where nothing is to be told."""

    standing: Standing
    notice: Notice | None = None


def sighted(known: Standing | None, alert: Alert, *, now: dt.datetime, rules: FoldingRules | None = None) -> Folded:
    """The alert was seen. An event that is not newer than the newest one changes nothing."""
    when = alert.happened or now
    if known is not None and alert.happened is not None and alert.happened <= known.seen:
        return Folded(known)
    if known is None or not known.open:
        fresh = Standing(alert, first=alert.since, seen=when, told=now, told_severity=alert.severity)
        return Folded(fresh, Notice("new", fresh))
    # The first sentence and time stay with the alert only where it does not say them anew.
    standing = replace(
        known,
        alert=replace(alert, since=min(alert.since, known.alert.since)),
        seen=when,
        count=known.count + 1,
        folded=known.folded + 1,
        absent_since=None,
    )
    change = _change(standing, now=now, rules=rules or FoldingRules())
    return _told(standing, change, now=now) if change else Folded(standing)


def ended(known: Standing | None, end: Ended, *, now: dt.datetime) -> Folded | None:
    """The alert was looked for and not seen; None where none is known. It is over after its kind's settling time."""
    if known is None or not known.open or (end.happened is not None and end.happened <= known.seen):
        return None
    # A clock that was set back must not make the wait longer than it is.
    since = min(known.absent_since or now, now)
    if now - since < dt.timedelta(minutes=BY_NAME[known.alert.kind].settle_minutes):
        return Folded(replace(known, absent_since=since))
    return _told(replace(known, seen=end.happened or now, over=end.happened or since), "over", now=now)


def _change(standing: Standing, *, now: dt.datetime, rules: FoldingRules) -> Change | None:
    if SEVERITIES.index(standing.alert.severity) > SEVERITIES.index(standing.told_severity):
        return "worse"
    return "lasting" if abs(now - standing.told) >= dt.timedelta(hours=rules.remind_hours) else None


def _told(standing: Standing, change: Change, *, now: dt.datetime) -> Folded:
    after = replace(standing, told=now, told_severity=standing.alert.severity, folded=0, absent_since=None)
    return Folded(after, Notice(change, after, folded=standing.folded))
