"""The wording of messages. All updates of one evaluation are one message.

Not here: which updates are sent (`core.alerts.lifecycle`), sending messages (`stores.alerts`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from migraine_assets.core.alerts.kinds import BY_NAME, SEVERITIES, Severity, worst
from migraine_assets.core.alerts.lifecycle import AlertUpdate

MOST_UPDATES = 10  # per message, because chat services truncate long messages
MOST_CHARACTERS = 600  # per description of an alert
PREFIXES = {"new": "", "worse": "Worse: ", "lasting": "Ongoing: ", "over": "Resolved: "}


@dataclass(frozen=True)
class Message:
    """A message to all channels. `good`: whether all its alerts are resolved."""

    title: str
    body: str
    severity: Severity
    good: bool
    made: dt.datetime


def message(updates: Sequence[AlertUpdate], *, now: dt.datetime) -> Message:
    """Compose one message of at least one update, with the most severe first and resolved alerts last."""
    ordered = sorted(updates, key=_urgency)
    first, rest = ordered[0], ordered[1:]
    paragraphs = [paragraph(update) for update in ordered[:MOST_UPDATES]]
    if (hidden := len(ordered) - MOST_UPDATES) > 0:
        paragraphs.append(f"And {hidden} more: `migraine alerts list` shows them.")
    more = f" (and {len(rest)} more)" if rest else ""
    unresolved = [update for update in ordered if update.change != "over"]
    return Message(
        title=f"{_heading(first)}{more}",
        body="\n\n".join(paragraphs),
        severity=worst(tuple(update.state.alert.severity for update in unresolved or ordered)),
        good=not unresolved,
        made=now,
    )


def paragraph(update: AlertUpdate) -> str:
    """Return the lines about one alert."""
    state, alert = update.state, update.state.alert
    lines = [_heading(update), _short(alert.what), f"Since {moment(alert.since)}{_resolution(update)}"]
    if update.folded:
        lines.append(f"Seen {state.count} times; {_times(update.folded)} since the last message.")
    if alert.model:
        lines.append(f"Model: {alert.model}")
    if alert.link:
        lines.append(f"See {alert.link}")
    return "\n".join(lines)


def moment(when: dt.datetime) -> str:
    """Format a time to the minute, in UTC."""
    return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def lasted(span: dt.timedelta) -> str:
    """Format a duration in its largest two units, at least "0 min"."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _heading(update: AlertUpdate) -> str:
    alert = update.state.alert
    severity = "" if update.change == "over" else f" ({alert.severity})"
    return f"{PREFIXES[update.change]}{BY_NAME[alert.kind].title}: {alert.key}{severity}"


def _resolution(update: AlertUpdate) -> str:
    state = update.state
    if state.resolved_at is None:
        return ""
    return f", resolved at {moment(state.resolved_at)} after {lasted(state.resolved_at - state.alert.since)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= MOST_CHARACTERS else f"{sentence[: MOST_CHARACTERS - 1].rstrip()}…"


def _urgency(update: AlertUpdate) -> tuple[bool, int, str, str]:
    alert = update.state.alert
    return update.change == "over", -SEVERITIES.index(alert.severity), alert.kind, alert.key
