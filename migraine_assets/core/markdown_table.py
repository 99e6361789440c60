"""A table as Markdown, and its place in a document: generated, so that the document cannot disagree with the code."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table, one line for each row."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


def placed(document: str, name: str, content: str) -> str:
    """`document` with `content` between <!-- name --> and <!-- /name -->. Raises `ValueError` where one is missing."""
    start, stop = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = document.partition(start)
    _, end, after = rest.partition(stop)
    if not end:
        raise ValueError(f"The document has no {start} ... {stop}.")
    return f"{before}{start}\n{content}\n{stop}{after}"
