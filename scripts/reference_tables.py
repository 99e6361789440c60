"""Render the reference tables of the documentation from the code, so that documents agree with it.

`make docs` runs this: fields (docs/diaries.md), alerts (docs/alerts.md), HTTP problems (docs/api.md), documents that
commands print (docs/cli.md). Not here: metrics and alert rules (`scripts/metrics.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from migraine_assets.cli.documents.registry import DOCUMENTS
from migraine_assets.core.alerts.kinds import KINDS as ALERT_KINDS
from migraine_assets.core.alerts.kinds import AlertKind
from migraine_assets.core.contract import FIELDS, Field
from serving.contract.problems import KINDS as PROBLEM_KINDS
from serving.contract.problems import Kind as ProblemKind

ROOT = Path(__file__).parents[1]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, one line per row."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


def replace_section(document: str, name: str, content: str) -> str:
    """Put `content` between <!-- name --> and <!-- /name -->. Raises `ValueError` if a marker is missing."""
    start, stop = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found_start, rest = document.partition(start)
    _, found_stop, after = rest.partition(stop)
    if not (found_start and found_stop):
        raise ValueError(f"The document has no {start} ... {stop}.")
    return f"{before}{start}\n{content}\n{stop}{after}"


def contract_table(fields: Iterable[Field] = FIELDS) -> str:
    """Return the diary contract, one line per field."""
    rows = ((f"`{field.name}`", field.role, _values(field), field.description) for field in fields)
    return markdown_table(("field", "role", "unit or values", "meaning"), rows)


def alert_table(kinds: Iterable[AlertKind] = ALERT_KINDS) -> str:
    """Return the alerts that Dagster sends, one line per kind."""
    rows = ((f"`{kind.name}`<br>{kind.title}", kind.severity, kind.means, kind.ends) for kind in kinds)
    return markdown_table(("alert", "severity", "raised when", "over when"), rows)


def problem_table(kinds: Iterable[ProblemKind] = PROBLEM_KINDS) -> str:
    """Return the problems that the HTTP API answers with, one line per kind."""
    return markdown_table(("status", "name", ""), ((str(kind.status), f"`{kind.name}`", kind.title) for kind in kinds))


def document_tables(documents: Mapping[str, type[msgspec.Struct]] = DOCUMENTS) -> str:
    """Return the document of each command, one line per field."""
    parts = []
    for name, kind in documents.items():
        [schema], shapes = msgspec.json.schema_components([kind])
        root = shapes[schema["$ref"].rpartition("/")[2]]
        rest = root["description"].partition("`. ")[2]
        rows = _fields(root, shapes, prefix="")
        parts.append(f"### `migraine {name} --json`\n\n" + (f"{rest}\n\n" if rest else "") + markdown_table(
            ("field", "type", "meaning"), rows
        ))  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _fields(shape: Mapping[str, Any], shapes: Mapping[str, Any], *, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in shape["properties"].items():
        inner, suffix = _inner(field)
        meaning = field.get("description", "") or (shapes[inner]["description"] if inner else "")
        yield f"`{prefix}{name}{suffix}`", _type(field), meaning
        if inner:
            yield from _fields(shapes[inner], shapes, prefix=f"{prefix}{name}{suffix}.")


def _inner(field: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of the object in `field`, and the suffix of the path to its fields."""
    for key, suffix in (("items", "[]"), ("additionalProperties", ".NAME")):
        if isinstance(field.get(key), dict) and "$ref" in field[key]:
            return field[key]["$ref"].rpartition("/")[2], suffix
    return "", ""


def _type(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"])
    return {"array": "list"}.get(field.get("type", "any"), field.get("type", "any"))


def _values(field: Field) -> str:
    if field.categories:
        return ", ".join(field.categories)
    if field.kind == "flag":
        return "0/1"
    ends = [f"{end:g}" if end is not None else "" for end in (field.low, field.high)]
    bounds = "..".join(ends) if any(ends) else ""
    return f"{bounds} {field.unit}".strip() if field.unit != bounds.replace("..", "-") else field.unit


# Document, section and renderer of each table.
TABLES = (
    ("docs/diaries.md", "contract", contract_table),
    ("docs/alerts.md", "alerts", alert_table),
    ("docs/api.md", "problems", problem_table),
    ("docs/cli.md", "documents", document_tables),
)


if __name__ == "__main__":
    for name, section, render in TABLES:
        path = ROOT / name
        path.write_text(replace_section(path.read_text(encoding="utf-8"), section, render()), encoding="utf-8")
