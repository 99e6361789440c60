"""The contract as a Markdown table, for the documentation."""

from collections.abc import Iterable

from migraine_assets.core.contract import FIELDS, Field
from migraine_assets.core.markdown_table import placed, table

HEAD = ("field", "role", "unit or values", "meaning")


def markdown(fields: Iterable[Field] = FIELDS) -> str:
    """The table, one line for each field."""
    return table(HEAD, (_row(field) for field in fields))


def replaced(document: str) -> str:
    """`document` with the table in its place. Raises `ValueError` where it has none."""
    return placed(document, "contract", markdown())


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
