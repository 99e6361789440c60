"""Looks at the finished runs of the instance: which failed, and which checks in them did.

The cursor only says where to begin. Where it is lost, a day is read again, and changes nothing: every event has its
time, and no alert moves by an event that is not newer than what is known of it.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus

from migraine_assets.core.alerts.kinds import Alert, Ended, Severity, alert
from migraine_assets.defs.alerting.probe import Finding, Scene
from migraine_assets.stores.alerts.notifier import Notifier, Observation

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

LOOK_BACK, OVERLAP = dt.timedelta(days=1), dt.timedelta(minutes=2)
PAGE, LONGEST_NAME = 500, 120
# Their messages speak of files and settings. Others may quote a diary, which has no business in a chat.
TOLD_WHOLE = ("StoreError", "BundleRefused", "ConfigurationError", "NoModelMetTheBar")
FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def failed_runs(scene: Scene, _: Notifier) -> Finding:
    """A failed run is an alert about its job, and the next success of the job its end."""
    records = _finished(scene)
    seen = [_outcome(scene, record) for record in records if record.dagster_run.status != DagsterRunStatus.CANCELED]
    told = [item for item in seen if item is not None]
    failures = sum(isinstance(item, Alert) for item in told)
    return Finding(
        Observation(tuple(told)),
        f"{len(records)} runs finished lately, {failures} of them failed.",
        _cursor(scene, records),
    )


def failed_checks(scene: Scene, _: Notifier) -> Finding:
    """A check that failed is an alert whether or not it blocked anything; that it passes is the end."""
    records = _finished(scene)
    told = [item for record in records for item in _checks(scene, record.dagster_run.run_id)]
    failures = sum(isinstance(item, Alert) for item in told)
    return Finding(
        Observation(tuple(sorted(told, key=_when))),
        f"{len(told)} checks in {len(records)} runs that finished lately, {failures} failed.",
        _cursor(scene, records),
    )


def _finished(scene: Scene) -> Sequence[dg.RunRecord]:
    """The runs that finished since the last look, in that order; of very many the first, the next look has the rest."""
    wanted = dg.RunsFilter(statuses=FINISHED, updated_after=_since(scene))
    return scene.instance.get_run_records(wanted, limit=PAGE, order_by="update_timestamp", ascending=True)


def _since(scene: Scene) -> dt.datetime:
    try:
        last = dt.datetime.fromisoformat(scene.cursor)
    except ValueError:
        return scene.now - LOOK_BACK
    return min(last, scene.now) - OVERLAP


def _cursor(scene: Scene, records: Sequence[dg.RunRecord]) -> str:
    newest = max((record.update_timestamp for record in records), default=None)
    return newest.isoformat() if newest else scene.cursor


def _outcome(scene: Scene, record: dg.RunRecord) -> Alert | Ended | None:
    run, when = record.dagster_run, _ended_at(record)
    if run.status == DagsterRunStatus.SUCCESS:
        return Ended("run_failed", _subject(run), when)
    if run.tags.get("dagster/will_retry") == "true":
        return None
    link = scene.link(f"runs/{run.run_id}")
    return alert("run_failed", _subject(run), _why(scene, run.run_id), since=when, link=link, happened=when)


def _ended_at(record: dg.RunRecord) -> dt.datetime:
    # A run that never started has no end of its own.
    return dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.update_timestamp


def _subject(run: dg.DagsterRun) -> str:
    """What the run was to do: a later success counts only for the same."""
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    name = ", ".join(assets) if run.job_name.startswith("__") and assets else run.job_name
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}… [{hashlib.sha256(name.encode()).hexdigest()[:6]}]"
    partition = run.tags.get("dagster/partition")
    return f"{name} of {partition}" if partition else name


def _why(scene: Scene, run_id: str) -> str:
    kinds = {DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}
    sentences, last = [], ""
    for entry in _events(scene.instance, run_id, kinds):
        event = entry.dagster_event
        if event is not None and event.event_type == DagsterEventType.STEP_FAILURE:
            sentences.append(f"{event.step_key} failed: {_cause(event.step_failure_data.error)}.")
        elif event is not None:
            last = event.message or ""
    return f"Run {run_id[:8]}: {' '.join(sentences) or last or 'its process ended without a word.'}"


def _cause(error: "SerializableErrorInfo | None") -> str:
    if error is None:
        return "no reason was recorded"
    while error.cause is not None:
        error = error.cause
    name = (error.cls_name or "an error").rpartition(".")[2]
    sentence = error.message.partition(": ")[2].strip().rstrip(".")
    return f"{name}: {sentence}" if name in TOLD_WHOLE and sentence else name


def _checks(scene: Scene, run_id: str) -> Iterator[Alert | Ended]:
    for entry in _events(scene.instance, run_id, {DagsterEventType.ASSET_CHECK_EVALUATION}):
        if entry.dagster_event is None:
            continue
        check = entry.dagster_event.asset_check_evaluation_data
        asset, when = check.asset_key.to_user_string(), dt.datetime.fromtimestamp(entry.timestamp, dt.UTC)
        key = f"{asset}: {check.check_name}" + (f" of {check.partition}" if check.partition else "")
        if check.passed:
            yield Ended("check_failed", key, when)
            continue
        severity: Severity = "warning" if check.severity == dg.AssetCheckSeverity.WARN else "error"
        stopped = " It blocked what comes after." if check.blocking and severity == "error" else ""
        what = f"{check.description or 'It gave no description.'}{stopped}"
        yield alert(
            "check_failed", key, what,
            since=when, severity=severity, model=_model(check.asset_key), happened=when,
            link=scene.link(f"assets/{asset}?view=checks"),
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
