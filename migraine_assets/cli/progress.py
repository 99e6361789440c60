"""Live progress of a run: a line for every asset as it is materialized, read from the run's own event log."""

import io
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from migraine_assets.cli.console import err

if TYPE_CHECKING:
    import dagster as dg

# Every look at the event log, and every turn of the spinner, takes processor time from the run.
POLL_SECONDS = 1.0
REDRAWS_PER_SECOND = 4.0


@contextmanager
def screen() -> Iterator[Console]:
    """Standard error as it is now: while a run works, Dagster turns the descriptor into the run's log."""
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (OSError, io.UnsupportedOperation):
        # There is no descriptor behind it, so nothing turns it away.
        yield err()
        return
    with os.fdopen(descriptor, "w", encoding=sys.stderr.encoding, errors="replace") as file:
        yield Console(file=file, highlight=False)


class Progress:
    """Follows one run from a thread of its own, so that the run keeps the main thread and its signals."""

    def __init__(self, instance: "dg.DagsterInstance", run_id: str, console: Console) -> None:
        self._instance, self._run_id, self._console = instance, run_id, console
        self._cursor: str | None = None
        self._started = time.monotonic()
        self._running: dict[str, None] = {}
        self._told: set[str] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> "Progress":
        self._status = self._console.status("starting", refresh_per_second=REDRAWS_PER_SECOND)
        self._status.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._status.stop()

    def _follow(self) -> None:
        from sqlalchemy.exc import DBAPIError

        try:
            while not self._done.wait(POLL_SECONDS):
                self._show()
            self._show()
        except DBAPIError:
            # A full disk stops the run too, which says so in a sentence.
            return

    def _show(self) -> None:
        page = self._instance.get_records_for_run(self._run_id, cursor=self._cursor)
        self._cursor = page.cursor
        for record in page.records:
            entry = record.event_log_entry
            if entry.dagster_event is not None:
                self._one(entry.dagster_event)
            elif int(entry.level) >= logging.WARNING:
                self._warn(entry)
        if self._running:
            self._status.update(f"{self._clock()}  {', '.join(self._running)}")

    def _one(self, event: "dg.DagsterEvent") -> None:
        kind, step = event.event_type_value, (event.step_key or "").replace("__", "/")
        if kind == "STEP_START":
            self._running[step] = None
        elif kind in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"):
            self._running.pop(step, None)
        if kind == "ASSET_MATERIALIZATION" and event.asset_key is not None:
            metadata = event.step_materialization_data.materialization.metadata
            summary = metadata["summary"].value if "summary" in metadata else ""
            self._line("[green]done[/]", "/".join(event.asset_key.path), str(summary))
        elif kind == "STEP_FAILURE":
            self._line("[red]failed[/]", step, "")
        elif kind == "ASSET_CHECK_EVALUATION" and not event.asset_check_evaluation_data.passed:
            self._check(event.asset_check_evaluation_data)

    def _warn(self, entry: "dg.EventLogEntry") -> None:
        """What an asset warned of, once: MLflow that does not answer is noticed by every model."""
        told = entry.user_message.partition("\n")[0]
        # Of what follows from a refusal or a failure enough is said by that.
        if told not in self._told and not told.startswith("Dependencies for step"):
            self._told.add(told)
            self._line("[yellow]note[/]", (entry.step_key or "").replace("__", "/"), told)

    def _check(self, check: "dg.AssetCheckEvaluation") -> None:
        stops = bool(check.blocking) and check.severity.value == "ERROR"
        mark = "[red]refused[/]" if stops else "[yellow]check[/]"
        self._line(mark, "/".join(check.asset_key.path), check.description or check.check_name)

    def _line(self, mark: str, what: str, summary: str) -> None:
        from rich.markup import escape

        self._console.print(
            f"{self._clock()}  {mark}  {escape(what)}  [dim]{escape(summary)}[/]",
            highlight=False,
            soft_wrap=True,
        )

    def _clock(self) -> str:
        return f"{time.monotonic() - self._started:5.0f} s"
