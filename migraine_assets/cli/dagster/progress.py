"""Live progress of a run: how many steps are done, and one line per materialized asset, warning and failure.

Not here: the run (`cli.dagster.execution`), its results (`cli.commands.run`).
"""

import io
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from migraine_assets.cli.console import err, literal
from migraine_assets.cli.tables import wrap

if TYPE_CHECKING:
    import dagster as dg

# Redrawing the spinner takes processor time from the run.
REDRAWS_PER_SECOND = 4.0
# Errors if the terminal or the pipe was closed (for a pipe, rich exits the program). The run continues in either case.
OUTPUT_CLOSED = (OSError, SystemExit)


@contextmanager
def progress_console() -> Iterator[Console]:
    """Open a console on the current standard error, because Dagster redirects the descriptor to the log of the run."""
    try:
        descriptor = os.dup(sys.stderr.fileno())
    except (OSError, io.UnsupportedOperation):
        # Standard error has no descriptor here, so nothing is redirected.
        yield err()
        return
    with os.fdopen(descriptor, "w", encoding=sys.stderr.encoding, errors="replace") as file:
        yield Console(file=file, highlight=False, emoji=False)


class Progress:
    """The progress of one run, from the events that this process records, without polling the event log."""

    def __init__(self, instance: "dg.DagsterInstance", run_id: str, console: Console) -> None:
        self._instance, self._run_id, self._console = instance, run_id, console
        self._started = time.monotonic()
        self._running: dict[str, None] = {}
        self._finished, self._steps = 0, 0
        self._warnings: set[str] = set()
        self._silent = False

    def __enter__(self) -> "Progress":
        self._status = self._console.status("starting", refresh_per_second=REDRAWS_PER_SECOND)
        self._status.start()
        self._instance.add_event_listener(self._run_id, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        self._silent = True
        with suppress(*OUTPUT_CLOSED):
            self._status.stop()

    def _handle(self, entry: "dg.EventLogEntry") -> None:
        if self._silent:
            return
        try:
            self._show(entry)
        except OUTPUT_CLOSED:
            self._silent = True

    def _show(self, entry: "dg.EventLogEntry") -> None:
        if entry.dagster_event is not None:
            self._show_event(entry.dagster_event)
        elif int(entry.level) >= logging.WARNING:
            self._warn(entry)
        if self._running:
            self._status.update(f"{self._clock()}  {self._count()}  {', '.join(self._running)}")

    def _show_event(self, event: "dg.DagsterEvent") -> None:
        kind, step = event.event_type_value, (event.step_key or "").replace("__", "/")
        if kind == "STEP_START":
            self._running[step] = None
        elif kind in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"):
            self._running.pop(step, None)
            self._finished += 1
        if kind == "ASSET_MATERIALIZATION" and event.asset_key is not None:
            metadata = event.step_materialization_data.materialization.metadata
            summary = metadata["summary"].value if "summary" in metadata else ""
            self._line("[green]done[/]", "/".join(event.asset_key.path), str(summary))
        elif kind == "STEP_FAILURE":
            self._line("[red]failed[/]", step, "")
        elif kind == "ASSET_CHECK_EVALUATION" and not event.asset_check_evaluation_data.passed:
            self._check(event.asset_check_evaluation_data)

    def _warn(self, entry: "dg.EventLogEntry") -> None:
        """Print a warning once: an unreachable MLflow is reported by every model."""
        warning = entry.user_message.partition("\n")[0]
        # Steps that are skipped after a failure need no line: the failure has one.
        if warning not in self._warnings and not warning.startswith("Dependencies for step"):
            self._warnings.add(warning)
            self._line("[yellow]note[/]", (entry.step_key or "").replace("__", "/"), warning)

    def _check(self, check: "dg.AssetCheckEvaluation") -> None:
        stops = bool(check.blocking) and check.severity.value == "ERROR"
        mark = "[red]refused[/]" if stops else "[yellow]check[/]"
        self._line(mark, "/".join(check.asset_key.path), check.description or check.check_name)

    def _line(self, mark: str, subject: str, summary: str) -> None:
        """Print a line, wrapped at words under its subject. A pipe shows no status, so the line has the count there."""
        if not self._console.is_terminal:
            text = f"{self._clock()}  {self._count()}  {mark}  {literal(subject)}  {literal(summary)}"
            self._console.print(text, highlight=False, soft_wrap=True)
            return
        start = f"{self._clock()}  {mark}  "
        indent = " " * cell_len(Text.from_markup(start).plain)
        first, *rest = wrap(f"{subject}  {summary}".rstrip(), self._console.width - 1 - len(indent))
        for line in (start + literal(first), *(f"{indent}[dim]{literal(each)}[/]" for each in rest)):
            self._console.print(line, highlight=False, soft_wrap=True)

    def _count(self) -> str:
        """Return "3 of 29": the finished steps and all steps of the run."""
        if not self._steps:
            self._steps = self._planned()
        return f"{self._finished} of {self._steps}"

    def _planned(self) -> int:
        run = self._instance.get_run_by_id(self._run_id)
        snapshot = run.execution_plan_snapshot_id if run else None
        return len(self._instance.get_execution_plan_snapshot(snapshot).step_keys_to_execute) if snapshot else 0

    def _clock(self) -> str:
        return f"{time.monotonic() - self._started:5.0f} s"
