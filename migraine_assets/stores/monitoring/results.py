"""The results of monitoring: one JSON file per kind and day, which is replaced if the day is monitored again.

    monitoring/results/<kind>/<day>.json    {"format", "kind", "day", "made_at", "content"}

Not here: the content of results (`core.monitoring.drift.result`, `core.monitoring.performance_result`,
`core.monitoring.day_quality`), acting on them (`defs.automation`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from migraine_assets.core.monitoring.day_quality import DayQuality
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.core.monitoring.performance_result import ModelPerformance, RealizedPerformance
from migraine_assets.stores.documents import Document, days_in, read_document, unless_damaged, write_document
from migraine_assets.stores.store import Store

FOLDER = "monitoring/results"

TaskResult = ModelDrift | ModelPerformance
R = TypeVar("R", bound=TaskResult)


class TaskResults(msgspec.Struct, Generic[R], frozen=True):
    """The results of all tasks with a champion."""

    tasks: dict[str, R] = {}


C = TypeVar("C", bound=msgspec.Struct)


class _ResultFile(Document, Generic[C], frozen=True):
    kind: str
    day: dt.date
    made_at: str
    content: C


@dataclass(frozen=True)
class ResultKind(Generic[C]):
    """A kind of result: its name in the store, and the type of its content."""

    name: str
    document: type[_ResultFile[C]]


DRIFT = ResultKind("drift", _ResultFile[TaskResults[ModelDrift]])
REALIZED = ResultKind("realised", _ResultFile[TaskResults[RealizedPerformance]])
ESTIMATED = ResultKind("estimated", _ResultFile[TaskResults[ModelPerformance]])
QUALITY = ResultKind("quality", _ResultFile[DayQuality])
KINDS: tuple[ResultKind[Any], ...] = (DRIFT, REALIZED, ESTIMATED, QUALITY)


def verdicts(content: TaskResults[Any] | DayQuality) -> Mapping[str, TaskResult | DayQuality]:
    """Return the parts of a result that have a verdict, by task. The quality of a day is a single part, with key ""."""
    return content.tasks if isinstance(content, TaskResults) else {"": content}


def write_result(store: Store, kind: ResultKind[C], day: dt.date, content: C, *, now: dt.datetime) -> None:
    """Store the result of the window that ends with `day`, and replace an earlier one."""
    made_at = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    write_document(store, _path(kind, day), _ResultFile(kind.name, day, made_at, content))


def read_result(store: Store, kind: ResultKind[C], day: dt.date, *, damaged: list[str] | None = None) -> C | None:
    """Return the result of `day`; None if there is none.

    A damaged one raises `StoreError`. If `damaged` is a list, the message is appended to it and the result is None.
    """
    path = _path(kind, day)
    if not store.exists(path):
        return None
    remedy = f"Delete it and materialize the monitoring of {day} again."
    document = unless_damaged(partial(read_document, store, path, kind.document, remedy=remedy), damaged)
    return None if document is None else document.content


def result_days(store: Store, kind: ResultKind[Any]) -> list[dt.date]:
    """Return the days that have a result, oldest first."""
    return days_in(store, f"{FOLDER}/{kind.name}", suffix=".json")


def latest_result(store: Store, kind: ResultKind[C], *, damaged: list[str] | None = None) -> tuple[dt.date, C] | None:
    """Return the newest day with a result, and the result; None if there is none. `damaged`: see `read_result`."""
    for day in reversed(result_days(store, kind)):
        content = read_result(store, kind, day, damaged=damaged)
        if content is not None:
            return day, content
    return None


def event_start(
    store: Store, kind: ResultKind[TaskResults[R]], day: dt.date, task: str, *, bundle: str, status: str
) -> dt.date:
    """Return the first day since which this bundle has had this status without interruption up to `day`.

    The day identifies an event: drift that is observed on several days in a row is one event.
    """
    first = day
    for earlier in reversed([known for known in result_days(store, kind) if known < day]):
        damaged: list[str] = []
        result = task_result(store, kind, earlier, task, damaged=damaged)
        # A day without enough data, or with a damaged result, does not interrupt the event.
        if damaged:
            continue
        if result is not None and result.status == "too little data" and result.bundle == bundle:
            continue
        if result is None or (result.bundle, result.status) != (bundle, status):
            break
        first = earlier
    return first


def task_result(
    store: Store, kind: ResultKind[TaskResults[R]], day: dt.date, task: str, *, damaged: list[str] | None = None
) -> R | None:
    """Return the result of one task on `day`; None if there is none. `damaged`: see `read_result`."""
    content = read_result(store, kind, day, damaged=damaged)
    return content.tasks.get(task) if content is not None else None


def _path(kind: ResultKind[Any], day: dt.date) -> str:
    return f"{FOLDER}/{kind.name}/{day.isoformat()}.json"
