"""The probe of monitoring results: drift and degraded performance.

Not here: monitoring itself (`defs.monitoring`).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from migraine_assets.core.alerts.kinds import Alert, Ended, alert
from migraine_assets.defs.alerting.probe import ProbeContext, ProbeResult
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    REALIZED,
    ResultKind,
    TaskResult,
    latest_result,
)


@dataclass(frozen=True)
class Source:
    """A kind of result that raises alerts.

    `verdict`: the status that raises `alert`. `asset`: linked in the message. `suffix`: of the alert's key.
    """

    results: ResultKind[Any]
    verdict: str
    alert: str
    asset: str
    suffix: str = ""


SOURCES: tuple[Source, ...] = (
    Source(DRIFT, "drift", "drift_detected", "drift_scores"),
    Source(REALIZED, "degraded", "performance_degraded", "realised_performance", " (realised)"),
    Source(ESTIMATED, "degraded", "performance_degraded", "estimated_performance", " (estimated)"),
)
# These statuses neither raise nor resolve an alert.
UNDECIDED = ("too little data",)
MOST_REASONS = 4


def monitoring(context: ProbeContext, _: Notifier) -> ProbeResult:
    """Raise and resolve alerts from the newest result of each kind."""
    events: list[Alert | Ended] = []
    evaluated = []
    for source in SOURCES:
        newest = latest_result(context.store, source.results)
        if newest is not None:
            day, content = newest
            evaluated.append(f"{source.results.name} of {day}")
            for task, result in sorted(content.tasks.items()):
                events += _events(context, source, task, result, day)
    sentence = f"Evaluated {', '.join(evaluated)}." if evaluated else "There are no monitoring results yet."
    return ProbeResult(Observation(tuple(events)), sentence)


def _events(
    context: ProbeContext, source: Source, task: str, result: TaskResult, day: dt.date
) -> Iterator[Alert | Ended]:
    if result.status == source.verdict:
        yield _alert(context, source, task, result, day)
    elif result.status not in UNDECIDED:
        yield Ended(source.alert, f"{task}{source.suffix}")


def _alert(context: ProbeContext, source: Source, task: str, result: TaskResult, day: dt.date) -> Alert:
    reasons = result.reasons
    more = f" And {len(reasons) - MOST_REASONS} more reasons." if len(reasons) > MOST_REASONS else ""
    return alert(
        source.alert,
        f"{task}{source.suffix}",
        f"Window up to {day}: {' '.join(reasons[:MOST_REASONS]) or 'no reason was recorded.'}{more}",
        since=dt.datetime.combine(result.since or day, dt.time(), dt.UTC),
        model=f"{result.algorithm} {result.bundle[:12]}",
        link=context.link(f"assets/{source.asset}"),
    )
