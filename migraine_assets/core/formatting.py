"""Formatting of numbers and lists in messages and notes.

Not here: sentences about a model in reports (`report.text`).
"""

from collections.abc import Sequence


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
