"""The contract as a Markdown table, for the documentation: generated, so that it cannot disagree."""

from collections.abc import Iterable

from migraine_assets.core.contract import FIELDS, Field

START, END = "<!-- contract -->", "<!-- /contract -->"
HEAD = ("field", "role", "unit or values", "meaning")


def markdown(fields: Iterable[Field] = FIELDS) -> str:
    """The table, one line for each field."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(field) for field in fields)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def replaced(document: str) -> str:
    """`document` with the table between its two markers. Raises `ValueError` where a marker is missing."""
    before, _, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"The document has no {START} ... {END}.")
    return f"{before}{START}\n{markdown()}\n{END}{after}"


def _row(field: Field) -> tuple[str, ...]:
    return (f"`{field.name}`", field.role, _values(field), field.description)


def _values(field: Field) -> str:
    if field.categories:
        return ", ".join(field.categories)
    if field.kind == "flag":
        return "0/1"
    ends = [f"{end:g}" if end is not None else "" for end in (field.low, field.high)]
    bounds = "..".join(ends) if any(ends) else ""
    return f"{bounds} {field.unit}".strip() if field.unit != bounds.replace("..", "-") else field.unit
