"""Probes of the finished runs of the instance: failed runs, and failed checks in them.

The cursor is only a start for the next evaluation. If it is lost, the events of a day are read again and change
nothing: an event that is not newer than the last one of its alert is ignored. Not here: probes of sensors and schedules
(`defs.alerting.machine`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus

from migraine_assets.core.alerts.kinds import Alert, Ended, Severity, alert
from migraine_assets.defs.alerting.probe import ProbeContext, ProbeResult
from migraine_assets.stores.alerts.notifier import Notifier, Observation

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

LOOK_BACK, OVERLAP = dt.timedelta(days=1), dt.timedelta(minutes=2)
PAGE, LONGEST_NAME = 500, 120
# Errors whose messages name files and settings. Other messages may quote a diary, which must not reach a chat.
QUOTED = ("StoreError", "BundleRefused", "ConfigurationError", "NoModelMetTheBar")
FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def failed_runs(context: ProbeContext, _: Notifier) -> ProbeResult:
    """Alert on failed runs by job. The next success of the job resolves the alert."""
    records = _finished(context)
    ended = [record for record in records if record.dagster_run.status != DagsterRunStatus.CANCELED]
    events = [event for record in ended if (event := _outcome(context, record)) is not None]
    failures = sum(isinstance(item, Alert) for item in events)
    return ProbeResult(
        Observation(tuple(events)),
        f"Runs finished since the last evaluation: {len(records)}, failed: {failures}.",
        _cursor(context, records),
    )


def failed_checks(context: ProbeContext, _: Notifier) -> ProbeResult:
    """Alert on failed checks, blocking or not. The alert is resolved when the check passes."""
    records = _finished(context)
    events = [item for record in records for item in _checks(context, record.dagster_run.run_id)]
    failures = sum(isinstance(item, Alert) for item in events)
    return ProbeResult(
        Observation(tuple(sorted(events, key=_when))),
        f"Checks in {len(records)} runs since the last evaluation: {len(events)}, failed: {failures}.",
        _cursor(context, records),
    )


def _finished(context: ProbeContext) -> Sequence[dg.RunRecord]:
    """Return the runs that finished since the last evaluation, oldest first, at most a page."""
    finished = dg.RunsFilter(statuses=FINISHED, updated_after=_since(context))
    return context.instance.get_run_records(finished, limit=PAGE, order_by="update_timestamp", ascending=True)


def _since(context: ProbeContext) -> dt.datetime:
    try:
        last = dt.datetime.fromisoformat(context.cursor)
    except ValueError:
        return context.now - LOOK_BACK
    return min(last, context.now) - OVERLAP


def _cursor(context: ProbeContext, records: Sequence[dg.RunRecord]) -> str:
    newest = max((record.update_timestamp for record in records), default=None)
    return newest.isoformat() if newest else context.cursor


def _outcome(context: ProbeContext, record: dg.RunRecord) -> Alert | Ended | None:
    run, when = record.dagster_run, _ended_at(record)
    if run.status == DagsterRunStatus.SUCCESS:
        return Ended("run_failed", _subject(run), when)
    if run.tags.get("dagster/will_retry") == "true":
        return None
    link = context.link(f"runs/{run.run_id}")
    return alert("run_failed", _subject(run), _why(context, run.run_id), since=when, link=link, happened=when)


def _ended_at(record: dg.RunRecord) -> dt.datetime:
    # A run that never started has no end time.
    return dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.update_timestamp


def _subject(run: dg.DagsterRun) -> str:
    """Return the key of the alert: job or assets, and partition. Only a success with the same key resolves it."""
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    name = ", ".join(assets) if run.job_name.startswith("__") and assets else run.job_name
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}… [{hashlib.sha256(name.encode()).hexdigest()[:6]}]"
    partition = run.tags.get("dagster/partition")
    return f"{name} of {partition}" if partition else name


def _why(context: ProbeContext, run_id: str) -> str:
    kinds = {DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}
    sentences, last = [], ""
    for entry in _events(context.instance, run_id, kinds):
        event = entry.dagster_event
        if event is not None and event.event_type == DagsterEventType.STEP_FAILURE:
            sentences.append(f"{event.step_key} failed: {_cause(event.step_failure_data.error)}.")
        elif event is not None:
            last = event.message or ""
    return f"Run {run_id[:8]}: {' '.join(sentences) or last or 'its process ended without an error message.'}"


def _cause(error: "SerializableErrorInfo | None") -> str:
    if error is None:
        return "no reason was recorded"
    while error.cause is not None:
        error = error.cause
    name = (error.cls_name or "an error").rpartition(".")[2]
    sentence = error.message.partition(": ")[2].strip().rstrip(".")
    return f"{name}: {sentence}" if name in QUOTED and sentence else name


def _checks(context: ProbeContext, run_id: str) -> Iterator[Alert | Ended]:
    for entry in _events(context.instance, run_id, {DagsterEventType.ASSET_CHECK_EVALUATION}):
        if entry.dagster_event is None:
            continue
        check = entry.dagster_event.asset_check_evaluation_data
        asset, when = check.asset_key.to_user_string(), dt.datetime.fromtimestamp(entry.timestamp, dt.UTC)
        key = f"{asset}: {check.check_name}" + (f" of {check.partition}" if check.partition else "")
        if check.passed:
            yield Ended("check_failed", key, when)
            continue
        severity: Severity = "warning" if check.severity == dg.AssetCheckSeverity.WARN else "error"
        stopped = " It blocked downstream assets." if check.blocking and severity == "error" else ""
        what = f"{check.description or 'The check has no description.'}{stopped}"
        yield alert(
            "check_failed", key, what,
            since=when, severity=severity, model=_model(check.asset_key), happened=when,
            link=context.link(f"assets/{asset}?view=checks"),
        )  # fmt: skip


def _events(instance: dg.DagsterInstance, run_id: str, kinds: set[DagsterEventType]) -> Iterator[dg.EventLogEntry]:
    cursor, more = None, True
    while more:
        page = instance.get_records_for_run(run_id, cursor=cursor, of_type=kinds, limit=1000)
        yield from (record.event_log_entry for record in page.records)
        cursor, more = page.cursor, page.has_more


def _model(asset: dg.AssetKey) -> str:
    return asset.path[-1] if asset.path[0] in ("classifiers", "regressors") else ""


def _when(item: Alert | Ended) -> dt.datetime:
    return item.happened or dt.datetime.min.replace(tzinfo=dt.UTC)
