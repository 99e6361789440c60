"""The table of alerts as Markdown, for the documentation."""

from collections.abc import Iterable

from migraine_assets.core.markdown_table import placed, table
from migraine_assets.core.monitoring.alerts import KINDS, AlertKind

HEAD = ("alert", "severity", "raised when", "over when")


def markdown(kinds: Iterable[AlertKind] = KINDS) -> str:
    """The table, one line for each kind."""
    return table(HEAD, (_row(kind) for kind in kinds))


def replaced(document: str) -> str:
    """`document` with the table in its place. Raises `ValueError` where it has none."""
    return placed(document, "alerts", markdown())


def _row(kind: AlertKind) -> tuple[str, ...]:
    return f"`{kind.name}`<br>{kind.title}", kind.severity, kind.means, kind.ends
