"""The table of alerts as Markdown, for the documentation: generated, so that it cannot disagree."""

from collections.abc import Iterable

from migraine_assets.core.monitoring.alerts import KINDS, AlertKind

START, END = "<!-- alerts -->", "<!-- /alerts -->"
HEAD = ("alert", "severity", "raised when", "over when")


def markdown(kinds: Iterable[AlertKind] = KINDS) -> str:
    """The table, one line for each kind."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(kind) for kind in kinds)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def replaced(document: str) -> str:
    """`document` with the table between its two markers. Raises `ValueError` where a marker is missing."""
    before, _, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"The document has no {START} ... {END}.")
    return f"{before}{START}\n{markdown()}\n{END}{after}"


def _row(kind: AlertKind) -> tuple[str, ...]:
    return f"`{kind.name}`<br>{kind.title}", kind.severity, kind.means, kind.ends
