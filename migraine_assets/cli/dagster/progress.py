"""Live progress of a run: a line for every asset as it is materialized, for every warning and failed check."""

import io
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.console import Console

from migraine_assets.cli.console import err

if TYPE_CHECKING:
    import dagster as dg

# Every turn of the spinner takes processor time from the run.
REDRAWS_PER_SECOND = 4.0
# The terminal is closed, or the pipe, for which rich would end the program. Neither is a reason to stop the run.
GONE = (OSError, SystemExit)


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
    """Follows one run by listening to the events that this process records; the event log is not read for it."""

    def __init__(self, instance: "dg.DagsterInstance", run_id: str, console: Console) -> None:
        self._instance, self._run_id, self._console = instance, run_id, console
        self._started = time.monotonic()
        self._running: dict[str, None] = {}
        self._told: set[str] = set()
        self._silent = False

    def __enter__(self) -> "Progress":
        self._status = self._console.status("starting", refresh_per_second=REDRAWS_PER_SECOND)
        self._status.start()
        self._instance.add_event_listener(self._run_id, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self._silent = True
        with suppress(*GONE):
            self._status.stop()

    def _hear(self, entry: "dg.EventLogEntry") -> None:
        if self._silent:
            return
        try:
            self._show(entry)
        except GONE:
            self._silent = True

    def _show(self, entry: "dg.EventLogEntry") -> None:
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
