"""A look at what the monitoring found last: drift and degraded performance. Not here: finding it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from migraine_assets.core.alerts.kinds import Alert, Ended, alert
from migraine_assets.defs.alerting.probe import Finding, Scene
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.monitoring.results import Kind, latest

# Kind of result: the alert that it raises, with the status that raises it, the asset that shows it, and words for it.
RAISES: Mapping[Kind, tuple[str, str, str, str]] = {
    "drift": ("drift_detected", "drift", "drift_scores", ""),
    "realised": ("performance_degraded", "degraded", "realised_performance", " (realised)"),
    "estimated": ("performance_degraded", "degraded", "estimated_performance", " (estimated)"),
}
# They say nothing about whether what was found before goes on.
SILENT = ("too little data",)
MOST_REASONS = 4


def monitoring(scene: Scene, _: Notifier) -> Finding:
    """The newest result of each kind. What it does not call drifted or degraded any more is over."""
    told: list[Alert | Ended] = []
    looked = []
    for kind in RAISES:
        found = latest(scene.store, kind)
        if found is not None:
            day, content = found
            looked.append(f"{kind} of {day}")
            told += [item for task, result in _tasks(content) for item in _judged(scene, kind, task, result, day=day)]
    sentence = f"Looked at {', '.join(looked)}." if looked else "The monitoring has not run yet."
    return Finding(Observation(tuple(told)), sentence)


def _judged(scene: Scene, kind: Kind, task: str, result: Mapping[str, Any], *, day: dt.date) -> Iterator[Alert | Ended]:
    name, status, _, words = RAISES[kind]
    if result.get("status") == status:
        yield _alert(scene, kind, task, result, day=day)
    elif result.get("status") not in SILENT:
        yield Ended(name, f"{task}{words}")


def _tasks(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    tasks = content.get("tasks")
    yield from sorted(tasks.items()) if isinstance(tasks, dict) else ()


def _alert(scene: Scene, kind: Kind, task: str, result: Mapping[str, Any], *, day: dt.date) -> Alert:
    name, _, asset, words = RAISES[kind]
    reasons = [str(reason) for reason in result.get("reasons") or ()]
    more = f" And {len(reasons) - MOST_REASONS} more reasons." if len(reasons) > MOST_REASONS else ""
    since = dt.date.fromisoformat(str(result.get("since") or day)[:10])
    return alert(
        name,
        f"{task}{words}",
        f"Window up to {day}: {' '.join(reasons[:MOST_REASONS]) or 'no reason was recorded.'}{more}",
        since=dt.datetime.combine(since, dt.time(), dt.UTC),
        model=f"{result.get('algorithm', '?')} {str(result.get('bundle', '?'))[:12]}",
        link=scene.link(f"assets/{asset}"),
    )
