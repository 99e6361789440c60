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

    `blocking`: a failure makes everything downstream wrong; otherwise it is a warning. `rows` is a table with the
    columns `columns`, as text.
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
    """A finding that passes with the sentence `success` if there are no `failures`, and otherwise lists them."""
    reason = " ".join(failures) if failures else success
    return Finding(name, not failures, blocking, reason, tuple(columns), _truncated(rows, width=len(columns)))


def figure(value: float) -> str:
    """A number with up to six significant digits and no trailing zeros."""
    return f"{value:.6g}"


def share(count: int, size: int) -> float:
    """`count / size`, or 0 if `size` is 0."""
    return count / size if size else 0.0


def percent(part: float) -> str:
    """A share (0-1) as a percentage with one decimal."""
    return f"{100 * part:.1f} %"


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 row`, `2 rows`, `1,234 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(items: Sequence[str], *, limit: int = 8) -> str:
    """The first `limit` items, separated by commas, and the number of the others."""
    rest = len(items) - limit
    return ", ".join(items) if rest <= 0 else f"{', '.join(items[:limit])} and {rest:,} more"


def _truncated(rows: Iterable[Sequence[str]], *, width: int) -> tuple[tuple[str, ...], ...]:
    table = [tuple(row) for row in rows]
    if len(table) <= MAX_ROWS:
        return tuple(table)
    note = (f"... and {len(table) - MAX_ROWS:,} more",) + ("",) * (width - 1)
    return (*table[:MAX_ROWS], note)
