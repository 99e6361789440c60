"""A draft mapping of a diary: the field that each column would be read as, with examples, for a person to check.

Not here: parsing a mapping (`sources.columns.mapping`), the command (`cli.commands.mapping`).
"""

import json
from dataclasses import replace

from migraine_assets.core.contract import ATTACK, FIELDS, Field
from migraine_assets.errors import DataRefused, MigraineError
from migraine_assets.printable import one_line
from migraine_assets.sources.columns.binding import Binding, bind
from migraine_assets.sources.columns.mapping import Column
from migraine_assets.sources.columns.stated_units import split_header
from migraine_assets.sources.files.fetch import Fetched, fetch
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers import registry as importers
from migraine_assets.sources.importers.archive import unpacked
from migraine_assets.sources.importers.attacks import AttackList
from migraine_assets.sources.importers.side_table import SideTable
from migraine_assets.sources.part import entry_number
from migraine_assets.sources.read_file import read_raw
from migraine_assets.sources.table import table_delivery

_EXAMPLES, _SAMPLE = 3, 500

_HEAD = """
# Keys for the whole file, if they are needed:
# description: one sentence
# timezone: Europe/Berlin     # of times in UTC
# day_first: true             # of dates such as 3/4/2024
# encoding: cp1252            # of text that is not UTF-8
# decimal: ","                # marks of numbers
# thousands: "."
# skip_rows: 0                # lines above the header
# entries: day                # several rows of a day become one
# constants: {sex: F}         # the same for all rows

columns:"""


def draft_mapping(location: str, *, limits: SourceLimits = DEFAULT) -> str:
    """Return the text of a draft mapping of the first file at `location`, which may have any format.

    The draft reads the same columns as no mapping would, with every guess written out. Columns that were not recognized
    are comments. Raises `ConfigurationError` or `DataRefused` if there is no table.
    """
    fetched = fetch(location, limits=limits)
    content = read_raw(unpacked(fetched.files[0], limits)[0], limits)
    if isinstance(content, AttackList):
        return _of_attacks(location, content)
    if isinstance(content, SideTable):
        return _of_export(location, content, content.what)
    shape = importers.shape_of(content)
    if shape is not None and not shape.keeps_columns:
        try:
            return _of_export(location, shape.reshape(content), shape.description)
        except DataRefused as error:
            # The order of day and month is not clear; any other problem is raised again.
            reshaped = shape.reshape(replace(content, day_first=True))
            order = f"# {one_line(str(error))}\nday_first: true\n"
            return _of_export(location, reshaped, shape.description) + order
    sheet = content
    binding = bind(sheet, None)
    numbered = entry_number(sheet, binding)
    if numbered is not None:
        binding = bind(sheet, None, without={numbered})
    problem, units = _attempt(fetched, limits)
    examples = [_examples(sheet, position) for position in range(len(sheet.header))]
    fields = {column.field.name: (column, position) for column, position in binding.columns}
    lines = [
        f"# Draft of a mapping for {one_line(location)}. Check every line, complete it, and try it with",
        "#   migraine validate FILE --mapping THIS_FILE",
        *([f"# With this draft, the diary is refused: {one_line(problem)}"] if problem else []),
        _HEAD,
    ]
    lines += [_line(field, fields.get(field.name), examples, units) for field in FIELDS if _shown(field, fields)]
    lines += _unused(sheet, binding, examples)
    missing = [field.name for field in FIELDS if not _shown(field, fields)]
    lines += ["", f"# Fields without a column: {', '.join(missing)}"] if missing else []
    return "\n".join(lines) + "\n"


def _of_attacks(location: str, attacks: AttackList) -> str:
    days = sorted(attack.start.date() for attack in attacks.attacks)
    first, last = (days[0], days[-1]) if days else ("<day>", "<day>")
    return (
        f"# Draft of a mapping for {one_line(location)}, a list of {len(days)} attacks. Check every line, try it\n"
        "# with migraine validate FILE --mapping THIS_FILE\n\n"
        "# The period in which every attack was recorded, here from the first attack to the last:\n"
        f"observation: {{first: {first}, last: {last}}}\n"
        "# Days in it without an attack: quiet, if every attack was recorded, or unknown:\n"
        "unlisted_days: unknown\n"
        "# timezone: Europe/Berlin     # of times in UTC\n"
        "# day_first: true             # of dates such as 3/4/2024\n"
    )


def _of_side_table(location: str, table: SideTable) -> str:
    return (
        f"# {one_line(location)} ({table.what}) has daily values, but no attacks. It is joined to a diary in the same\n"
        "# folder or archive. If that has several participants, state in its mapping whose values these are:\n"
        "match_names: true\njoin:\n"
        f"  - file: {json.dumps(table.sheet.file)}\n    participants: all     # or their names\n"
    )


def _of_export(location: str, content: Sheet | AttackList | SideTable, what: str) -> str:
    """Return the draft for an export that is read without the columns of a mapping."""
    if isinstance(content, AttackList):
        return _of_attacks(location, content)
    if isinstance(content, SideTable) and bind(content.sheet, None).position(ATTACK) is None:
        return _of_side_table(location, content)
    return (
        f"# {one_line(location)} is read without a mapping: {what}\n"
        "# Try it with\n#   migraine validate FILE\n\nmatch_names: true\n"
    )


def _shown(field: Field, fields: dict[str, tuple[Column, int]]) -> bool:
    return field.name in fields or field.role == "key" or field.name == ATTACK


def _attempt(fetched: Fetched, limits: SourceLimits) -> tuple[str | None, dict[str, str]]:
    """Read the diary without a mapping; return the reason if it is refused, and the guessed units by field."""
    try:
        delivery = table_delivery(fetched, None, source="table", description="", limits=limits)
    except MigraineError as error:
        return str(error), {}
    return None, {column.field: column.unit for column in delivery.columns if column.unit}


def _line(field: Field, bound: tuple[Column, int] | None, examples: list[str], units: dict[str, str]) -> str:
    if bound is None:
        return f"  # {field.name}: <column>     # required unless it is constant: {field.description}"
    column, position = bound
    unit = units.get(field.name) or (split_header(column.column)[1] if column.stated else None)
    name = json.dumps(column.column, ensure_ascii=False)
    value = f"{{column: {name}, unit: {json.dumps(unit, ensure_ascii=False)}}}" if unit else name
    return f"  {field.name}: {value}     # {_described(field)} Cells: {examples[position]}"


def _described(field: Field) -> str:
    unit = ", ".join(field.categories) if field.categories else field.unit
    return f"{field.description.rstrip('.')}{f' ({unit})' if unit else ''}."


def _unused(sheet: Sheet, binding: Binding, examples: list[str]) -> list[str]:
    used = {position for _, position in binding.columns}
    rest = [position for position in range(len(sheet.header)) if position not in used]
    if not rest:
        return []
    names = [f"  # <field>: {json.dumps(sheet.header[p], ensure_ascii=False)}     # Cells: {examples[p]}" for p in rest]
    return ["  # Not recognized. Name the field, or leave the line as it is:", *names]


def _examples(sheet: Sheet, position: int) -> str:
    (cells,) = sheet.load([position])
    texts = [one_line(str(value))[:30] for value in cells.slice(0, _SAMPLE).to_pylist() if value not in (None, "")]
    return ", ".join(list(dict.fromkeys(texts))[:_EXAMPLES]) or "empty"
