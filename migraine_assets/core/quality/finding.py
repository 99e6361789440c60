"""The result of a data check.

Not here: the checks (the other modules of `core.quality`), the formatting of numbers (`core.formatting`), the
translation of findings to Dagster (`defs.checks.findings`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Longer tables are truncated with a note.
MAX_ROWS = 50


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    `blocking`: whether a failure stops the run; otherwise it is a warning. `rows`: a table of texts with the columns
    `columns`.
    """

    name: str
    passed: bool
    blocking: bool
    reason: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def finding(
    name: str,
    failures: Sequence[str],
    *,
    success: str,
    blocking: bool,
    columns: Sequence[str] = (),
    rows: Iterable[Sequence[str]] = (),
) -> Finding:
    """Return a finding, which passes with the reason `success` if there are no `failures`."""
    reason = " ".join(failures) if failures else success
    return Finding(name, not failures, blocking, reason, tuple(columns), _truncated(rows, width=len(columns)))


def _truncated(rows: Iterable[Sequence[str]], *, width: int) -> tuple[tuple[str, ...], ...]:
    table = [tuple(row) for row in rows]
    if len(table) <= MAX_ROWS:
        return tuple(table)
    note = (f"... and {len(table) - MAX_ROWS:,} more",) + ("",) * (width - 1)
    return (*table[:MAX_ROWS], note)
