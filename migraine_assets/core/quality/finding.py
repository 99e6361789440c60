"""The result of a data check: a finding, with its sentence and its figures.

Here belong the type that every check returns and the wording that all of them share. Not here: any check
(`core.quality.settings` and its parts) or what is done about a finding (the orchestration).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A table of figures is read by a person; a longer one is cut, and says so.
MAX_ROWS = 50


@dataclass(frozen=True)
class Finding:
    """What a check found.

    `blocking` says what a failure means: True, everything downstream would be wrong; False, somebody should
    look. `rows` is a table for a person, each row as long as `columns`.
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
    good: str,
    blocking: bool,
    columns: Sequence[str] = (),
    rows: Iterable[Sequence[str]] = (),
) -> Finding:
    """A finding that passes with the sentence `good` where there are no `failures`, and else lists these."""
    reason = " ".join(failures) if failures else good
    return Finding(name, not failures, blocking, reason, tuple(columns), _cut(rows, width=len(columns)))


def figure(value: float) -> str:
    """A number as a person writes it: up to six significant digits, no trailing zeros."""
    return f"{value:.6g}"


def share(count: int, size: int) -> float:
    """`count` of `size`, 0 of nothing."""
    return count / size if size else 0.0


def percent(part: float) -> str:
    """A share (0-1) in per cent, with one decimal."""
    return f"{100 * part:.1f} %"


def plural(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `1,234 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(items: Sequence[str], *, most: int = 8) -> str:
    """The items with commas; beyond `most`, how many more there are."""
    rest = len(items) - most
    return ", ".join(items) if rest <= 0 else f"{', '.join(items[:most])} and {rest:,} more"


def _cut(rows: Iterable[Sequence[str]], *, width: int) -> tuple[tuple[str, ...], ...]:
    table = [tuple(row) for row in rows]
    if len(table) <= MAX_ROWS:
        return tuple(table)
    note = (f"... and {len(table) - MAX_ROWS:,} more",) + ("",) * (width - 1)
    return (*table[:MAX_ROWS], note)
