"""The monitoring as assets of daily partitions: what the service saw on a day, and what that says.

Here belong Dagster's part and the order. Not here: reading (`windows`), finding (`findings`), the page (`watching`).
A day can be materialized again at any time; it then says what is known by now, and events are not counted twice.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.defs.metadata import found_metadata
from migraine_assets.defs.monitoring import results as findings
from migraine_assets.defs.monitoring import windows
from migraine_assets.defs.monitoring.rollout_guard import guard
from migraine_assets.defs.refs import DiaryRef, from_stored
from migraine_assets.defs.resources import Workspace
from migraine_assets.report.monitoring_page import write_watch
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.assets.current_values import read_current
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.monitoring.collection import collect_feedback, collect_predictions
from migraine_assets.stores.monitoring.publish import publish
from migraine_assets.stores.monitoring.reported_outcomes import keep_told
from migraine_assets.stores.monitoring.results import Kind, read_result, result_days, since, write_result
from migraine_assets.stores.signing_secret import shared_secret

GROUP = "monitoring"
OWNERS = ["team:ml"]
NAMES = (
    "prediction_log", "outcomes", "drift_scores", "estimated_performance", "realised_performance",
    "guarded_rollout", "data_quality_trend", "monitoring_report",
)  # fmt: skip


def monitoring_assets(first_day: dt.date) -> list[dg.AssetsDefinition]:
    """All of them, in days (UTC) from `first_day` to today."""
    # The day that is not over can be looked at too: what it says is said again when it is.
    days = dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), end_offset=1)
    return [_asset(days, name, *made) for name, made in _TABLE.items()]


Body = Callable[[dg.AssetExecutionContext, Workspace, dt.date], dg.MaterializeResult[Any]]


def _asset(
    days: dg.DailyPartitionsDefinition, name: str, body: Body, deps: tuple[str, ...], kind: str, description: str
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        partitions_def=days,
        group_name=GROUP,
        owners=OWNERS,
        kinds={kind},
        deps=list(deps),
        description=description,
    )
    def made(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult[Any]:
        return body(context, workspace, dt.date.fromisoformat(context.partition_key))

    return made


def _collect(_: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    predictions, words = collect_predictions(workspace.store, day), collect_feedback(workspace.store, day)
    return dg.MaterializeResult(
        metadata={
            "summary": f"{predictions.rows:,} predictions of a task, {words.rows:,} words of feedback",
            "dagster/row_count": predictions.rows,
            "new": predictions.new + words.new,
            "torn lines": predictions.torn + words.torn,
            "file": predictions.path,
        }
    )


def _outcomes(_: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    """What a delivery accepted on this day told of the days before it; feedback comes with the log."""
    store, params = workspace.store, workspace.params().monitoring
    accepted, stored = deliveries.latest(store), read_current(store, "validated_diary")
    if accepted is None or stored is None or _day_of(accepted.acceptance.time) != day:
        return dg.MaterializeResult(metadata={"summary": "No delivery was accepted on this day.", "new": 0})
    diary: DiaryRef = from_stored(stored)
    frame = read_frame(store, diary.frame)
    if diary.delivery.first_day is None:
        return dg.MaterializeResult(metadata={"summary": "The delivery has no dates to join by.", "new": 0})
    recent = frame[frame["date"].dt.date >= day - dt.timedelta(days=params.outcome_days)]
    time = dt.datetime.fromisoformat(accepted.acceptance.time).timestamp()
    # The service's own, or pseudonyms of outcomes and of predictions are not the same.
    secret = shared_secret(store, configured=Settings().signing_secret)
    new = keep_told(store, day, recent, secret=secret, time=time, attack=ATTACK, severity=SEVERITY)
    return dg.MaterializeResult(metadata={"summary": f"{new:,} days of people told by a delivery", "new": new})


def _day_of(time: str) -> dt.date:
    return dt.datetime.fromisoformat(time).astimezone(dt.UTC).date()


def _drift(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    settings = workspace.params().monitoring
    frame = windows.predictions(workspace.store, windows.days_to(day, settings.window_days), features=True)
    # A severity model learns from days with an attack alone and is asked of every day: its reference is of other rows.
    # Its inputs are those of the attack model, so that what moves is seen there.
    found = [w for w in windows.task_windows(workspace.store, frame) if w.task == "attack"]
    tasks = {
        w.task: findings.drift_of(w, settings, learned=windows.learned(workspace.store, w.manifest)) for w in found
    }
    return _kept(context, workspace, "drift", day, tasks)


def _estimated(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    settings = workspace.params().monitoring
    frame = windows.predictions(workspace.store, windows.days_to(day, settings.window_days))
    found = [w for w in windows.task_windows(workspace.store, frame) if w.task == "attack"]
    return _kept(context, workspace, "estimated", day, {w.task: findings.estimated_of(w, settings) for w in found})


def _realised(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    store, settings = workspace.store, workspace.params().monitoring
    due = findings.due_days(day, settings)
    # A prediction is made up to two days before its day, and outcomes are told from that day on.
    since_then = windows.days_to(day, (day - due[0]).days + 3)
    every = windows.predictions(store, since_then)
    frame = every[every["for_date"].isin(due)] if len(every) else every
    words, diary = windows.feedback(store, since_then), windows.diary_words(store, since_then)
    tasks = {}
    for window in windows.task_windows(store, frame):
        truth = findings.settled(window, every=every, feedback=words, diary=diary)
        # Those days were predicted a horizon earlier.
        before = due[-1] - dt.timedelta(days=window.manifest.horizon)
        promised = ((read_result(store, "estimated", before) or {}).get("tasks") or {}).get(window.task)
        tasks[window.task] = findings.realised_of(window, truth, settings, promised=promised)
    return _kept(context, workspace, "realised", day, tasks)


def _trials(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    now = _now()
    if day < now.date() - dt.timedelta(days=1):
        return dg.MaterializeResult(metadata={"summary": "A day that is long over moves no trial."})
    found = guard(workspace.store, day, settings=workspace.params().automation.rollout, now=now)
    for task, verdict in found.items():
        context.log.info(f"{task}: {verdict.step}. {verdict.reason}")
    said = "; ".join(f"{task}: {verdict.step}. {verdict.reason}" for task, verdict in found.items())
    return dg.MaterializeResult(metadata={"summary": said or "No model is on a guarded trial."})


def _quality(_: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    store, settings = workspace.store, workspace.params().monitoring
    frame = windows.predictions(store, [day], features=True)
    before = [found for found in result_days(store, "quality") if found < day][-settings.window_days :]
    earlier = [said for found in before if (said := read_result(store, "quality", found))]
    content = findings.quality_of(
        frame,
        torn=collect_predictions(store, day).torn,
        windows=list(windows.task_windows(store, frame)),
        earlier=earlier,
        limit=settings.drift.missing,
    )
    write_result(store, "quality", day, content, now=_now())
    return dg.MaterializeResult(metadata=found_metadata(content) | {"dagster/row_count": content["rows"]})


def _report(context: dg.AssetExecutionContext, workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    page = write_watch(Path(workspace.reports), workspace.store, day, run=context.run.run_id, now=_now())
    return dg.MaterializeResult(
        metadata={
            "summary": f"What was seen up to {day}",
            "report": dg.MetadataValue.path(str(page)),
            "report link": dg.MetadataValue.url(page.as_uri()),
        }
    )


def _kept(
    context: dg.AssetExecutionContext, workspace: Workspace, kind: Kind, day: dt.date, tasks: dict[Any, dict[str, Any]]
) -> dg.MaterializeResult[Any]:
    """Write the result with the day on which its event began, and what the service shows of it."""
    for task, said in tasks.items():
        first = since(workspace.store, kind, day, task, bundle=said["bundle"], status=said["status"])
        said["since"] = first.isoformat()
    write_result(workspace.store, kind, day, {"tasks": tasks}, now=_now())
    publish(workspace.store)
    for task, said in tasks.items():
        if said["status"] in ("drift", "degraded"):
            context.log.warning(f"{task}: {said['status']} since {said['since']}. {' '.join(said['reasons'][:5])}")
    return dg.MaterializeResult(metadata=found_metadata({"tasks": tasks}))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


_TABLE: dict[str, tuple[Body, tuple[str, ...], str, str]] = {
    "prediction_log": (_collect, (), "parquet", "Every receipt and every word of feedback of the day, once each."),
    "outcomes": (
        _outcomes,
        ("prediction_log", "validated_diary"),
        "parquet",
        "What a delivery of the day tells of days that were predicted, kept beside all that was told before.",
    ),
    "drift_scores": (
        _drift,
        ("prediction_log",),
        "python",
        "Whether features and scores of the last days are still those that the serving model learned from.",
    ),
    "estimated_performance": (
        _estimated,
        ("prediction_log",),
        "python",
        "How well the serving model probably does, by its own calibrated probabilities.",
    ),
    "realised_performance": (
        _realised,
        ("outcomes", "estimated_performance"),
        "python",
        "How well it did where outcomes are due, and whether the estimate held.",
    ),
    "guarded_rollout": (
        _trials,
        ("realised_performance",),
        "python",
        "Candidates on trial: taken back where they are worse, let on where their days have not shown that.",
    ),
    "data_quality_trend": (
        _quality,
        ("prediction_log",),
        "python",
        "How complete and how quick the day was beside the days before.",
    ),
    "monitoring_report": (
        _report,
        ("drift_scores", "guarded_rollout", "data_quality_trend"),
        "html",
        "Trends, what moved and how sure that is, and what was done: one page.",
    ),
}
