"""The table of problems as the documents show it, from the kinds themselves."""

from serving.problems import KINDS

BEGIN, END = "<!-- problems -->", "<!-- /problems -->"


def table() -> str:
    """Markdown: status, name, title."""
    rows = [f"| {kind.status} | `{kind.name}` | {kind.title} |" for kind in KINDS]
    return "\n".join(("| status | name | |", "| --- | --- | --- |", *rows))


def replaced(text: str) -> str:
    """`text` with the table between its marks. Raises `ValueError` where the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{BEGIN} or {END} is missing.")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"
