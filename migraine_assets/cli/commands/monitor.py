"""`migraine monitor`: the monitoring of one day or several, in this process, and what it found.

Not here: the assets (`defs.monitoring`), the page (`report.monitoring_page`).
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

from migraine_assets.cli.commands.run import raise_for
from migraine_assets.cli.console import say, show
from migraine_assets.cli.dagster.execution import execute
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.cli.dagster.run_lock import alone, settle
from migraine_assets.errors import ConfigurationError
from migraine_assets.params import load_params
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.results import KINDS, read_result
from migraine_assets.stores.store import Store

JOB = "monitoring"


def monitor(*, day: str | None, since: str | None) -> None:
    """Look at `day` (UTC; yesterday), or at every day from `since` to it, oldest first."""
    settings = Settings()
    params = load_params(settings.params)
    last = _day(day, "--day") if day else _today() - dt.timedelta(days=1)
    first = _day(since, "--since") if since else last
    if not params.monitoring.first_day <= first <= last <= _today():
        raise ConfigurationError(
            f"The days {first} to {last} cannot be looked at: from {params.monitoring.first_day} "
            f"(monitoring.first_day) to {_today()}, oldest first."
        )
    with alone(settings.root), open_instance(settings) as instance:
        settle(instance)
        for each in _days(first, last):
            say(f"Looking at {each}")
            _look(instance, each)
    _show(Store(settings.store_location), last)
    say(f"Page: {settings.reports / 'monitoring' / f'{last}.html'}")


def _look(instance: Any, day: dt.date) -> None:
    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    tags = {"migraine/started_by": "cli"}
    outcome = execute(
        instance, JOB, run_id=str(uuid.uuid4()), run_config=config, tags=tags, partition_key=day.isoformat()
    )
    raise_for(outcome)


def _show(store: Store, day: dt.date) -> None:
    rows = []
    for kind in KINDS:
        content = read_result(store, kind, day) or {}
        for task, said in (content.get("tasks", {"": content} if content else {})).items():
            rows.append((kind, task, said["status"], str(said.get("rows", "")), " ".join(said["reasons"][:3])))
    show(f"Monitoring up to {day}", ("what", "task", "verdict", "rows", "why"), rows)


def _day(text: str, option: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} {text}: write a day as 2026-03-01.") from None


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    while first <= last:
        yield first
        first += dt.timedelta(days=1)


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
