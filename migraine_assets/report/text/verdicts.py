"""The verdicts of monitoring in words: the status of each part, and the conclusion of a day.

Not here: computing verdicts (`core.monitoring`), the page (`report.monitoring_page`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migraine_assets.core.monitoring.verdict import Status

STATUS: Mapping[Status, str] = {
    "too little data": "too little data",
    "none": "no change",
    "suspected": "suspected",
    "drift": "drift",
    "degraded": "degraded",
}


@dataclass(frozen=True)
class VerdictRow:
    """One row of the table of verdicts. `rows`: the number of predictions behind it, None if it was not computed."""

    title: str
    task: str = ""
    status: str = "not computed"
    alarms: bool = False
    reasons: tuple[str, ...] = ()
    since: dt.date | None = None
    rows: int | None = None


def conclusion(rows: Sequence[VerdictRow]) -> tuple[str, ...]:
    """Return sentences about the verdicts of a day: the alarms with their reasons, or else one summary."""
    alarms = [row for row in rows if row.alarms]
    if alarms:
        return tuple(" ".join((f"{_subject(row)}: {row.status}{_since(row)}.", *row.reasons)) for row in alarms)
    decided = [row for row in rows if row.status in (STATUS["none"], STATUS["suspected"])]
    if not decided:
        return ("There is too little data for a verdict.",)
    suspected = [_subject(row) for row in decided if row.status == STATUS["suspected"]]
    if suspected:
        return (f"Nothing has changed for certain. A change is suspected: {', '.join(suspected)}.",)
    unknown = [_subject(row) for row in rows if row not in decided]
    rest = f" Too little data for: {', '.join(unknown)}." if unknown else ""
    return (f"Nothing that matters has changed: {', '.join(map(_subject, decided))}.{rest}",)


def _subject(row: VerdictRow) -> str:
    return f"{row.title.lower()} ({row.task})" if row.task else row.title.lower()


def _since(row: VerdictRow) -> str:
    return f" since {row.since}" if row.since else ""
