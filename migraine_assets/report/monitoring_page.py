"""The monitoring page: verdicts, trends, feature drift with its certainty, and the actions taken.

Here belong the content of the page and its file. Not here: computing results (`defs.monitoring`), the verdicts in words
(`report.text.verdicts`), drawing trends (`report.plots.trends`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migraine_assets.core.metrics.formatting import unbroken
from migraine_assets.core.monitoring.day_quality import DayQuality
from migraine_assets.core.monitoring.drift.result import FeatureDrift, ModelDrift
from migraine_assets.core.monitoring.performance_result import Comparison, ModelPerformance, RealizedPerformance
from migraine_assets.report.page import environment
from migraine_assets.report.plots.trends import Trend, trend_picture
from migraine_assets.report.text.verdicts import STATUS, VerdictRow, conclusion
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.monitoring.decisions import AutomationDecision, decisions
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    QUALITY,
    REALIZED,
    C,
    ResultKind,
    TaskResults,
    read_result,
    result_days,
    verdicts,
)
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.registry.promotion_log import PromotionRecord
from migraine_assets.stores.simulated import is_simulated
from migraine_assets.stores.store import Store
from migraine_assets.stores.unfinished import unfinished_file

FOLDER = "monitoring"
DAYS = 60
SHOWN_REASONS, SHOWN_ACTIONS = 3, 40
DRIFTED = frozenset({"drift", "suspected"})
Series = list[tuple[dt.date, float]]


@dataclass(frozen=True)
class PageFacts:
    """The facts in the footer of the page, and whether a serving model was trained on simulated diaries."""

    run_id: str
    created: str
    simulated: bool


@dataclass(frozen=True)
class FeatureRow:
    """One row of the table of feature drift."""

    task: str
    name: str
    drift: FeatureDrift

    @property
    def status(self) -> str:
        """The verdict in words."""
        return STATUS[self.drift.status]

    @property
    def drifted(self) -> bool:
        """Whether the feature drifted or may have drifted."""
        return self.drift.status in DRIFTED


@dataclass(frozen=True)
class Action:
    """One decision or promotion. `when`: ISO 8601."""

    when: str
    what: str
    why: str


@dataclass(frozen=True)
class MonitoringResults:
    """The results of the days that the page covers, by day."""

    drift: Mapping[dt.date, TaskResults[ModelDrift]]
    realized: Mapping[dt.date, TaskResults[RealizedPerformance]]
    estimated: Mapping[dt.date, TaskResults[ModelPerformance]]
    quality: Mapping[dt.date, DayQuality]


def write_monitoring_page(reports: Path, store: Store, day: dt.date, *, run: str, now: dt.datetime) -> Path:
    """Write the page of `day`, and as the latest one unless a newer day has results. Returns the page's path."""
    folder = reports / FOLDER
    content = monitoring_page(store, day, run=run, now=now)
    newest = max(result_days(store, DRIFT), default=day)
    for name in (f"{day}.html", *(["latest.html"] if day >= newest else [])):
        with unfinished_file(folder / name, content) as temporary:
            temporary.replace(folder / name)
    return folder / f"{day}.html"


def monitoring_page(store: Store, day: dt.date, *, run: str, now: dt.datetime) -> bytes:
    """Return the page of `day` as HTML without external resources."""
    first = day - dt.timedelta(days=DAYS)
    results = _read(store, first, day)
    verdicts_of_day = list(_verdict_rows(results, day))
    features = list(_feature_rows(results.drift.get(day)))
    page = (
        environment()
        .get_template("monitoring.html")
        .render(
            facts=PageFacts(run, now.isoformat(timespec="seconds"), simulated=_simulated(store)),
            day=day,
            conclusion=conclusion(verdicts_of_day),
            verdicts=verdicts_of_day,
            drifted=[row for row in features if row.drifted],
            unchanged=[row for row in features if not row.drifted],
            trends=[trend_picture(trend) for trend in _trends(results)],
            comparisons=_comparisons(results.realized.get(day)),
            actions=_actions(store, first, day),
        )
    )
    return unbroken(page).encode()


def _simulated(store: Store) -> bool:
    serving = [models.champion for models in read_pointer(store).tasks.values()]
    return any(is_simulated(store, name, load_manifest(store, name).data_version) for name in serving)


def _read(store: Store, first: dt.date, last: dt.date) -> MonitoringResults:
    return MonitoringResults(
        drift=_by_day(store, DRIFT, first, last),
        realized=_by_day(store, REALIZED, first, last),
        estimated=_by_day(store, ESTIMATED, first, last),
        quality=_by_day(store, QUALITY, first, last),
    )


def _by_day(store: Store, kind: ResultKind[C], first: dt.date, last: dt.date) -> dict[dt.date, C]:
    days = [day for day in result_days(store, kind) if first <= day <= last]
    return {day: content for day in days if (content := read_result(store, kind, day, damaged=[])) is not None}


def _verdict_rows(results: MonitoringResults, day: dt.date) -> Iterator[VerdictRow]:
    contents: tuple[tuple[str, TaskResults[Any] | DayQuality | None], ...] = (
        ("Features and outputs", results.drift.get(day)),
        ("Realized performance", results.realized.get(day)),
        ("Estimated performance", results.estimated.get(day)),
        ("Quality of the day", results.quality.get(day)),
    )
    for title, content in contents:
        if content is None:
            yield VerdictRow(title)
            continue
        for task, result in verdicts(content).items():
            yield VerdictRow(
                title,
                task=task,
                status=STATUS[result.status],
                alarms=result.alarms,
                reasons=result.reasons[:SHOWN_REASONS],
                since=None if isinstance(result, DayQuality) else result.since,
                rows=result.rows,
            )


def _feature_rows(content: TaskResults[ModelDrift] | None) -> Iterator[FeatureRow]:
    """Yield the features of each task by drift ratio, highest first."""
    for task, result in content.tasks.items() if content else ():
        for name, drift in sorted(result.features.items(), key=lambda item: -item[1].drift_ratio):
            yield FeatureRow(task, name, drift)


def _trends(results: MonitoringResults) -> Iterator[Trend]:
    series: tuple[tuple[str, Series, float | None], ...] = (
        ("Highest drift ratio (1 is drift)", _series(results.drift, "attack", _highest_ratio), 1.0),
        ("Attack: ROC-AUC, realized", _series(results.realized, "attack", _metric("roc_auc")), None),
        ("Attack: ROC-AUC, estimated", _series(results.estimated, "attack", _metric("roc_auc")), None),
        ("Severity: RMSE, realized", _series(results.realized, "severity", _metric("rmse")), None),
        ("Predictions per day", [(day, float(quality.rows)) for day, quality in results.quality.items()], None),
    )
    # One day is no trend.
    yield from (Trend(title, tuple(points), limit) for title, points, limit in series if len(points) > 1)


def _series(content: Mapping[dt.date, TaskResults[Any]], task: str, value_of: Callable[[Any], float | None]) -> Series:
    values = [(day, value_of(results.tasks[task])) for day, results in sorted(content.items()) if task in results.tasks]
    return [(day, value) for day, value in values if value is not None]


def _highest_ratio(result: ModelDrift) -> float | None:
    return max((feature.drift_ratio for feature in result.features.values()), default=None)


def _metric(name: str) -> Callable[[ModelPerformance], float | None]:
    def value_of(result: ModelPerformance) -> float | None:
        return result.metrics[name].value if name in result.metrics else None

    return value_of


def _comparisons(content: TaskResults[RealizedPerformance] | None) -> Sequence[tuple[str, Comparison]]:
    attack = content.tasks.get("attack") if content else None
    return list(attack.held.items()) if attack else []


def _actions(store: Store, first: dt.date, last: dt.date) -> list[Action]:
    """Return the decisions of the automation and the promotions, newest first."""
    decided = [_decided(decision) for decision in decisions(store, since=first, damaged=[])]
    promoted = [_promoted(entry.record) for entry in history(store, damaged=[])]
    shown = [action for action in (*decided, *promoted) if first.isoformat() <= action.when[:10] <= last.isoformat()]
    return sorted(shown, key=lambda action: (action.when, action.what, action.why), reverse=True)[:SHOWN_ACTIONS]


def _decided(decision: AutomationDecision) -> Action:
    what = f"{decision.sensor}: {'acted' if decision.acted else 'did not act'}, {decision.about}"
    return Action(decision.when.isoformat(timespec="seconds"), what, " ".join(decision.reasons))


def _promoted(record: PromotionRecord) -> Action:
    return Action(record.when, f"{record.what} {record.task} {record.to_champion[:12]}", " ".join(record.why))
