"""`migraine monitor`: run the monitoring of one or more days in this process and print the verdicts.

Not here: the assets (`defs.monitoring`), the page (`report.monitoring_page`).
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from migraine_assets.cli.commands.run import raise_failure
from migraine_assets.cli.console import AsJson, note, print_json, say_path, show
from migraine_assets.cli.dagster.execution import execute
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.cli.dagster.run_lock import fail_abandoned_runs, hold_state
from migraine_assets.cli.documents.operation import MonitorDocument, VerdictLine
from migraine_assets.cli.home import writable_settings
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.store import Store

JOB = "monitoring"


def monitor(
    day: Annotated[str | None, typer.Option(help="Day (UTC) to monitor; by default yesterday.")] = None,
    since: Annotated[str | None, typer.Option(help="Monitor every day from this one on.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Monitor drift, performance and data quality, and write the monitoring page."""
    from migraine_assets.params import load_params

    settings = writable_settings()
    earliest = load_params(settings.params).monitoring.first_day
    last = _parse_day(day, "--day") if day else _today() - dt.timedelta(days=1)
    first = _parse_day(since, "--since") if since else last
    if not earliest <= first <= last <= _today():
        raise ConfigurationError(
            f"The days {first} to {last} cannot be monitored: the first day must not be after the last, and both must "
            f"lie between {earliest} (monitoring.first_day) and {_today()}."
        )
    owner = str(uuid.uuid4())
    with hold_state(settings, owner), open_instance(settings) as instance:
        fail_abandoned_runs(instance)
        for each in _days(first, last):
            note(f"Monitoring {each}")
            _run(instance, each, owner=owner)
    page = settings.reports / "monitoring" / f"{last}.html"
    document = MonitorDocument(
        day=last.isoformat(), verdicts=list(_verdicts(Store(settings.store_location), last)), page=str(page)
    )
    if as_json:
        print_json(document)
        return
    rows = [(line.check, line.task, line.verdict, f"{line.rows:,}", " ".join(line.reasons[:3]))
            for line in document.verdicts]  # fmt: skip
    columns = ("check", "task", "verdict", "rows", "why")
    show(f"Monitoring up to {last}", columns, rows, right=("rows",), text=("why",))
    say_path("Page  ", page)


def _run(instance: Any, day: dt.date, *, owner: str) -> None:
    from migraine_assets.defs.run_owner import LOCK_TAG

    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    tags = {"migraine/started_by": "cli", LOCK_TAG: owner}
    outcome = execute(
        instance, JOB, run_id=str(uuid.uuid4()), run_config=config, tags=tags, partition_key=day.isoformat()
    )
    raise_failure(outcome)


def _verdicts(store: Store, day: dt.date) -> Iterator[VerdictLine]:
    from migraine_assets.stores.monitoring.results import KINDS, read_result, verdicts

    for kind in KINDS:
        content = read_result(store, kind, day)
        for task, result in (verdicts(content) if content is not None else {}).items():
            yield VerdictLine(
                check=kind.name, task=task, verdict=result.status, rows=result.rows, reasons=tuple(result.reasons)
            )


def _parse_day(text: str, option: str) -> dt.date:
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
