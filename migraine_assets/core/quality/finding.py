"""The result of a data check, and the formatting of numbers and lists that all checks share.

Not here: the checks (the other modules of `core.quality`), their translation to Dagster (`defs.checks.findings`).
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


def figure(value: float) -> str:
    """Return a number with up to six significant digits and no trailing zeros."""
    return f"{value:.6g}"


def share(count: int, size: int) -> float:
    """Return `count / size`, or 0 if `size` is 0."""
    return count / size if size else 0.0


def percent(part: float) -> str:
    """Return a share (0-1) as a percentage with one decimal."""
    return f"{100 * part:.1f} %"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 row`, `2 rows`, `1,234 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(items: Sequence[str], *, limit: int = 8) -> str:
    """Join the first `limit` items with commas, and add the number of others."""
    rest = len(items) - limit
    return ", ".join(items) if rest <= 0 else f"{', '.join(items[:limit])} and {rest:,} more"


def _truncated(rows: Iterable[Sequence[str]], *, width: int) -> tuple[tuple[str, ...], ...]:
    table = [tuple(row) for row in rows]
    if len(table) <= MAX_ROWS:
        return tuple(table)
    note = (f"... and {len(table) - MAX_ROWS:,} more",) + ("",) * (width - 1)
    return (*table[:MAX_ROWS], note)
