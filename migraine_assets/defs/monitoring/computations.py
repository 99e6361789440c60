"""What each monitoring asset does for one day: compute a result, store it, and describe it in metadata.

Not here: the assets (`defs.monitoring.assets`), reading (`defs.monitoring.windows`), the statistics
(`defs.monitoring.results`), the page (`report.monitoring_page`).
"""

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
from msgspec.structs import replace

from migraine_assets.core.contract import ATTACK, SEVERITY, Contract
from migraine_assets.core.diary.columns import encoded
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.core.monitoring.outcomes import join_outcomes
from migraine_assets.core.monitoring.performance_result import ModelPerformance, RealizedPerformance
from migraine_assets.defs.metadata import report_links
from migraine_assets.defs.monitoring import results, windows
from migraine_assets.defs.monitoring.metadata import quality_metadata, task_metadata
from migraine_assets.defs.monitoring.rollout_guard import guard
from migraine_assets.defs.refs import current
from migraine_assets.defs.resources import Workspace
from migraine_assets.report.monitoring_page import write_monitoring_page
from migraine_assets.settings import Settings
from migraine_assets.sources.registry import SERVICE
from migraine_assets.sources.service import kept_database
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.diaries.diaries import EPOCH
from migraine_assets.stores.diaries.history import days_written
from migraine_assets.stores.monitoring.collection import collect_feedback, collect_predictions
from migraine_assets.stores.monitoring.publish import publish
from migraine_assets.stores.monitoring.reported_outcomes import add_kept_outcomes, add_reported_outcomes
from migraine_assets.stores.monitoring.results import (
    DRIFT,
    ESTIMATED,
    QUALITY,
    REALIZED,
    R,
    ResultKind,
    TaskResults,
    event_start,
    read_result,
    result_days,
    task_result,
    write_result,
)
from migraine_assets.stores.signing_secret import shared_secret

Result = dg.MaterializeResult[Any]
DAY_MICROSECONDS = 86_400_000_000


def collect_log(_: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Collect the prediction records and the feedback of the day."""
    predictions, feedback = collect_predictions(workspace.store, day), collect_feedback(workspace.store, day)
    return dg.MaterializeResult(
        metadata={
            "summary": f"{predictions.rows:,} predictions, {feedback.rows:,} feedback records",
            "dagster/row_count": predictions.rows,
            "new": predictions.new + feedback.new,
            "torn lines": predictions.torn + feedback.torn,
            "damaged files": dg.MetadataValue.md(
                "\n".join(f"- {sentence}" for sentence in (*predictions.damaged, *feedback.damaged)) or "none"
            ),
            "file": predictions.path,
        }
    )


def collect_outcomes(_: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Store the outcomes that kept diaries and a delivery of this day report of earlier days. Feedback is logged."""
    store, params = workspace.store, workspace.params().monitoring
    first_day = day - dt.timedelta(days=params.outcome_days)
    kept = _kept_outcomes(workspace, day, first_day=first_day)
    from_service = f"{kept:,} participant days reported to the service. " if kept else ""
    damaged: list[str] = []
    accepted, diary = delivery_log.latest(store, damaged=damaged), current(store, "validated_diary")
    from_service += "".join(f"{sentence} " for sentence in damaged)
    if accepted is None or diary is None or _day_of(accepted.acceptance.time) != day:
        return _reported(kept, f"{from_service}No delivery was accepted on this day.")
    if diary.delivery.source == SERVICE:
        return _reported(kept, f"{from_service}The delivery is that of the kept diaries.")
    frame = read_frame(store, diary.frame)
    if diary.delivery.first_day is None:
        return _reported(kept, f"{from_service}The delivery has no dates to join by.")
    recent = frame[frame["date"].dt.date >= first_day]
    time = dt.datetime.fromisoformat(accepted.acceptance.time).timestamp()
    # The secret of the service: otherwise the pseudonyms of outcomes and of predictions would differ.
    secret = shared_secret(store, configured=Settings().signing_secret)
    decides = diary.delivery.outcome.attack.field
    value = None if decides in (ATTACK, SEVERITY) else decides
    if value:
        recent = recent.assign(**{value: encoded(recent[value], Contract(diary.fields).by_name[value])})
    new = add_reported_outcomes(
        store, day, recent, secret=secret, time=time, attack=ATTACK, severity=SEVERITY, value=value
    )
    return _reported(kept + new, f"{from_service}{new:,} participant days reported by a delivery")


def _kept_outcomes(workspace: Workspace, day: dt.date, *, first_day: dt.date) -> int:
    """Store what was written to the service's diaries on `day` about days from `first_day` on."""
    params = workspace.params()
    decides = params.outcome.attack.field
    field = None if decides in (ATTACK, SEVERITY) else params.diary_contract().by_name[decides]
    start = int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) * 1_000_000
    with closing(kept_database(Settings())) as database:
        days = days_written(database, first=start, end=start + DAY_MICROSECONDS)
    earliest = first_day.toordinal() - EPOCH
    return add_kept_outcomes(workspace.store, day, [each for each in days if each.day >= earliest], field=field)


def _reported(count: int, summary: str) -> Result:
    return dg.MaterializeResult(metadata={"summary": summary, "new": count})


def _day_of(time: str) -> dt.date:
    return dt.datetime.fromisoformat(time).astimezone(dt.UTC).date()


def _attack_windows(workspace: Workspace, day: dt.date, *, features: bool = False) -> list[windows.TaskWindow]:
    days = windows.days_to(day, windows.window_days(workspace.store, workspace.params().monitoring))
    frame = windows.predictions(workspace.store, days, features=features)
    return [window for window in windows.task_windows(workspace.store, frame) if window.task == "attack"]


def compute_drift(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Measure the drift of the window's features and outputs."""
    store, settings = workspace.store, workspace.params().monitoring
    # A severity model is trained on attack days only but predicts for every day, so its reference has other rows.
    # The attack model has the same inputs, so its drift covers both.
    tasks: dict[str, ModelDrift] = {
        window.task: results.drift_of(window, settings, training=windows.training_rows(store, window.manifest))
        for window in _attack_windows(workspace, day, features=True)
    }
    return _store_result(context, workspace, DRIFT, day, TaskResults(tasks))


def estimate_performance(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Estimate the performance of the window without outcomes."""
    settings = workspace.params().monitoring
    tasks: dict[str, ModelPerformance] = {
        window.task: results.estimated_of(window, settings) for window in _attack_windows(workspace, day)
    }
    return _store_result(context, workspace, ESTIMATED, day, TaskResults(tasks))


def compare_performance(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Compare the window's predictions with outcomes that are due."""
    store, settings = workspace.store, workspace.params().monitoring
    due = results.due_days(day, settings, count=windows.window_days(store, settings))
    # A prediction is made a day more than its horizon before its day, and its outcome is reported from that day on.
    days = windows.days_to(day, (day - due[0]).days + 2 + windows.longest_horizon(store))
    every = windows.predictions(store, days)
    frame = every[every["for_date"].isin(due)] if len(every) else every
    feedback, diary = windows.feedback(store, days), windows.diary_outcomes(store, days)
    tasks: dict[str, RealizedPerformance] = {}
    for window in windows.task_windows(store, frame):
        outcomes = join_outcomes(
            window.frame, every=every, feedback=feedback, diary=diary, predicted=windows.predicted(window.manifest)
        )
        # These days were predicted one horizon earlier.
        predicted = due[-1] - dt.timedelta(days=window.manifest.horizon)
        estimate = task_result(store, ESTIMATED, predicted, window.task, damaged=[])
        tasks[window.task] = results.realized_of(window, outcomes, settings, estimate=estimate)
    return _store_result(context, workspace, REALIZED, day, TaskResults(tasks))


def guard_rollouts(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Test the guarded rollouts, and advance or withdraw them."""
    now = _now()
    if day < now.date() - dt.timedelta(days=1):
        return dg.MaterializeResult(metadata={"summary": "Only today and yesterday can change a rollout."})
    decisions = guard(workspace.store, day, settings=workspace.params().automation.rollout, now=now)
    lines = [f"{task}: {decision.step}. {decision.reason}" for task, decision in decisions.items()]
    for line in lines:
        context.log.info(line)
    return dg.MaterializeResult(metadata={"summary": "; ".join(lines) or "No guarded rollout is active."})


def describe_quality(_: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Describe the completeness and latency of the day's predictions."""
    store, settings = workspace.store, workspace.params().monitoring
    frame = windows.predictions(store, [day], features=True)
    days = [known for known in result_days(store, QUALITY) if known < day][-settings.window_days :]
    earlier = [quality for known in days if (quality := read_result(store, QUALITY, known, damaged=[]))]
    logs = collect_predictions(store, day), collect_feedback(store, day)
    window = windows.days_to(day, settings.window_days)
    content = results.quality_of(
        frame,
        torn=sum(log.torn for log in logs),
        damaged=tuple(dict.fromkeys((*logs[0].damaged, *logs[1].damaged, *windows.damaged_days(store, window)))),
        windows=list(windows.task_windows(store, frame)),
        earlier=earlier,
        limit=settings.drift.missing,
    )
    write_result(store, QUALITY, day, content, now=_now())
    publish(store)
    return dg.MaterializeResult(metadata=quality_metadata(content))


def write_report(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> Result:
    """Write the monitoring page."""
    page = write_monitoring_page(Path(workspace.reports), workspace.store, day, run=context.run.run_id, now=_now())
    return dg.MaterializeResult(metadata={"summary": f"Monitoring up to {day}", **report_links(workspace, page)})


def _store_result(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    kind: ResultKind[TaskResults[R]],
    day: dt.date,
    content: TaskResults[R],
) -> Result:
    """Store the result with the first day of its event, and publish it for the service's metrics."""
    dated = TaskResults({task: _dated(workspace, kind, day, task, result) for task, result in content.tasks.items()})
    write_result(workspace.store, kind, day, dated, now=_now())
    publish(workspace.store)
    for task, result in dated.tasks.items():
        if result.alarms:
            context.log.warning(f"{task}: {result.status} since {result.since}. {' '.join(result.reasons[:5])}")
    return dg.MaterializeResult(metadata=task_metadata(dated))


def _dated(workspace: Workspace, kind: ResultKind[TaskResults[R]], day: dt.date, task: str, result: R) -> R:
    since = event_start(workspace.store, kind, day, task, bundle=result.bundle, status=result.status)
    return replace(result, since=since)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
