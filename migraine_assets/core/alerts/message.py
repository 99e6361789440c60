"""The wording of notices: one message for all that one look found, with what, since when, how bad, which model, where.

Not here: which notices there are (`folding`), and how a message travels (`stores.notifications`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from migraine_assets.core.alerts.kinds import BY_NAME, SEVERITIES, Severity, worst
from migraine_assets.core.alerts.lifecycle import Notice

MOST_TOLD = 10  # notices of one message; chat services cut long ones off anywhere
MOST_LETTERS = 600  # of one alert's sentence
SIGNS = {"new": "", "worse": "worse: ", "lasting": "still: ", "over": "over: "}


@dataclass(frozen=True)
class Message:
    """What is sent. `good`: it tells of nothing but ends."""

    title: str
    body: str
    severity: Severity
    good: bool
    made: dt.datetime


def message(notices: Sequence[Notice], *, now: dt.datetime) -> Message:
    """One message of at least one notice: the worst first, ends last."""
    ordered = sorted(notices, key=_urgency)
    first, rest = ordered[0], ordered[1:]
    paragraphs = [paragraph(notice) for notice in ordered[:MOST_TOLD]]
    if (hidden := len(ordered) - MOST_TOLD) > 0:
        paragraphs.append(f"And {hidden} more: `migraine alerts list` shows them.")
    more = f" (and {len(rest)} more)" if rest else ""
    standing = [notice for notice in ordered if notice.change != "over"]
    return Message(
        title=f"{_heading(first)}{more}",
        body="\n\n".join(paragraphs),
        severity=worst(tuple(notice.standing.alert.severity for notice in standing or ordered)),
        good=not standing,
        made=now,
    )


def paragraph(notice: Notice) -> str:
    """All about one alert, in lines."""
    standing, alert = notice.standing, notice.standing.alert
    lines = [_heading(notice), _short(alert.what), f"Since {moment(alert.since)}{_until(notice)}"]
    if notice.folded:
        lines.append(f"Seen {standing.count} times; {_times(notice.folded)} since the last message.")
    if alert.model:
        lines.append(f"Model: {alert.model}")
    if alert.link:
        lines.append(f"See {alert.link}")
    return "\n".join(lines)


def moment(when: dt.datetime) -> str:
    """A time as people read it, in UTC."""
    return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def lasted(span: dt.timedelta) -> str:
    """A span of time in its largest two units."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _heading(notice: Notice) -> str:
    alert = notice.standing.alert
    grade = "" if notice.change == "over" else f" ({alert.severity})"
    return f"{SIGNS[notice.change]}{BY_NAME[alert.kind].title}: {alert.key}{grade}"


def _until(notice: Notice) -> str:
    standing = notice.standing
    if standing.over is None:
        return ""
    return f", over at {moment(standing.over)} after {lasted(standing.over - standing.alert.since)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= MOST_LETTERS else f"{sentence[: MOST_LETTERS - 1].rstrip()}…"


def _urgency(notice: Notice) -> tuple[bool, int, str, str]:
    alert = notice.standing.alert
    return notice.change == "over", -SEVERITIES.index(alert.severity), alert.kind, alert.key
