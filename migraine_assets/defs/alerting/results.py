"""A look at what the monitoring found last: drift and degraded performance. Not here: finding it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from migraine_assets.core.alerts.kinds import Alert, Ended, alert
from migraine_assets.defs.alerting.probe import Finding, Scene
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
class Raised:
    """The alert that a kind of result raises: the status that raises it, the asset that shows it, words for it."""

    name: str
    status: str
    asset: str
    words: str


RAISES: tuple[tuple[ResultKind[Any], Raised], ...] = (
    (DRIFT, Raised("drift_detected", "drift", "drift_scores", "")),
    (REALIZED, Raised("performance_degraded", "degraded", "realised_performance", " (realised)")),
    (ESTIMATED, Raised("performance_degraded", "degraded", "estimated_performance", " (estimated)")),
)
# They say nothing about whether what was found before goes on.
SILENT = ("too little data",)
MOST_REASONS = 4


def monitoring(scene: Scene, _: Notifier) -> Finding:
    """The newest result of each kind. What it does not call drifted or degraded any more is over."""
    told: list[Alert | Ended] = []
    looked = []
    for kind, raised in RAISES:
        newest = latest_result(scene.store, kind)
        if newest is not None:
            day, content = newest
            looked.append(f"{kind.name} of {day}")
            told += [
                item
                for task, result in sorted(content.tasks.items())
                for item in _judged(scene, raised, task, result, day=day)
            ]
    sentence = f"Looked at {', '.join(looked)}." if looked else "The monitoring has not run yet."
    return Finding(Observation(tuple(told)), sentence)


def _judged(scene: Scene, raised: Raised, task: str, result: TaskResult, *, day: dt.date) -> Iterator[Alert | Ended]:
    if result.status == raised.status:
        yield _alert(scene, raised, task, result, day=day)
    elif result.status not in SILENT:
        yield Ended(raised.name, f"{task}{raised.words}")


def _alert(scene: Scene, raised: Raised, task: str, result: TaskResult, *, day: dt.date) -> Alert:
    reasons = result.reasons
    more = f" And {len(reasons) - MOST_REASONS} more reasons." if len(reasons) > MOST_REASONS else ""
    return alert(
        raised.name,
        f"{task}{raised.words}",
        f"Window up to {day}: {' '.join(reasons[:MOST_REASONS]) or 'no reason was recorded.'}{more}",
        since=dt.datetime.combine(result.since or day, dt.time(), dt.UTC),
        model=f"{result.algorithm} {result.bundle[:12]}",
        link=scene.link(f"assets/{raised.asset}"),
    )
