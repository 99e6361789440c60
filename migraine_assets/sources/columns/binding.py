"""Binding of the columns of a sheet to contract fields, by a mapping or by column name.

An ambiguous header is refused. Not here: aliases (`core.diary.aliases`), values (`sources.columns.coercion`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from migraine_assets.core.contract import CONTRACT, PROVENANCE, Contract, Field
from migraine_assets.core.diary.aliases import ALIASES, canonical
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.cells import number
from migraine_assets.sources.columns.dates import parse_date
from migraine_assets.sources.columns.mapping import Column, SourceMapping
from migraine_assets.sources.columns.stated_units import conversion, is_rating, split_header
from migraine_assets.sources.columns.suggestion import nearest
from migraine_assets.sources.files.delivery import READING
from migraine_assets.sources.files.sheet import Sheet


@dataclass(frozen=True)
class Binding:
    """The columns to read with their positions in the header (-1: the file name), and the names of ignored columns.

    `joined`: positions of further columns that identify a participant. `unread`: pairs of an ignored column that is
    named like a field and that field. `guessed`: fields that were bound by name.
    """

    columns: tuple[tuple[Column, int], ...]
    kept_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    joined: tuple[int, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    guessed: frozenset[str] = frozenset()

    def position(self, name: str) -> int | None:
        """Return the index of the contract field `name` in `columns`; None if it is not bound."""
        return next((index for index, (column, _) in enumerate(self.columns) if column.field.name == name), None)


def bind(
    sheet: Sheet, mapping: SourceMapping | None, contract: Contract = CONTRACT, *, without: Collection[int] = ()
) -> Binding:
    """Bind the columns of `sheet` to the fields of `contract`, except those at the positions `without`.

    Raises `DataRefused` if a name is ambiguous, `ConfigurationError` if the mapping names a missing column.
    """
    mapped: list[tuple[Column, int]] = []
    joined: list[int] = []
    for column in mapping.columns if mapping else ():
        mapped.append((column, -1 if column.file_name else _find(sheet, column)))
        joined += [_find(sheet, replace(column, column=name)) for name in column.joined]
    ignored = {position for name in (mapping.ignore if mapping else ()) for position in _positions(sheet.header, name)}
    used = {position for _, position in mapped} | set(joined) | ignored | set(without)
    assigned = {column.field.name for column, _ in mapped} | set(mapping.constants if mapping else ())
    guessed = _guess(sheet, contract, assigned, used)
    reads_names = mapping is None or mapping.match_names
    unread = () if reads_names else tuple((column.column, column.field.name) for column, _ in guessed)
    guessed = guessed if reads_names else []
    bound = tuple(sorted(mapped + guessed, key=lambda pair: contract.fields.index(pair[0].field)))
    used |= {position for _, position in bound}
    named_like = {name for name, _ in unread}
    kept_out = [name or "(unnamed)" for index, name in enumerate(sheet.header)
                if index not in used and name not in (*PROVENANCE, *READING) and name not in named_like]  # fmt: skip
    by_name = frozenset(column.field.name for column, _ in guessed)
    return Binding(bound, tuple(kept_out), _duplicates_note(sheet, kept_out), tuple(joined), unread, by_name)


def listed(names: Sequence[str], *, limit: int = 12) -> str:
    """Quote and join the first `limit` of `names` for a message."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(f"'{name}'" for name in names[:limit]) + more


def header_of(sheet: Sheet) -> str:
    """List the columns of `sheet` for a message, unless its first line looks like a row of data."""
    cells = [cell.strip() for cell in sheet.header]
    if any(number(cell) is not None or parse_date(cell, "day first") is not None for cell in cells):
        return "its columns: the first line looks like a row of data, but must contain the column names"
    return listed(cells)


def _find(sheet: Sheet, column: Column) -> int:
    positions = _positions(sheet.header, column.column)
    if len(positions) == 1:
        return positions[0]
    if positions:
        raise _ambiguous(sheet, column.column, len(positions))
    name, _, occurrence = column.column.rpartition("#")
    if occurrence.isdigit():
        positions = _positions(sheet.header, name)
        if 0 < int(occurrence) <= len(positions):
            return positions[int(occurrence) - 1]
    hint = nearest(column.column, sheet.header) or f" It has {header_of(sheet)}."
    raise ConfigurationError(
        f"The mapping reads {column.field.name} from column '{column.column}', which {sheet.file} does not have.{hint}"
    )


def _positions(header: Sequence[str], name: str) -> list[int]:
    name = " ".join(name.split())
    exact = [index for index, column in enumerate(header) if column == name]
    return exact or [index for index, column in enumerate(header) if column.casefold() == name.casefold()]


def _guess(sheet: Sheet, contract: Contract, assigned: Iterable[str], used: Iterable[int]) -> list[tuple[Column, int]]:
    candidates: dict[str, list[tuple[int, Column, int]]] = {}
    for index, name in enumerate(sheet.header):
        match = None if index in used else _recognize(name, contract)
        if match is not None and match[1].field.name not in assigned:
            candidates.setdefault(match[1].field.name, []).append((*match, index))
    return [_best(sheet, matches) for matches in candidates.values()]


def _best(sheet: Sheet, candidates: list[tuple[int, Column, int]]) -> tuple[Column, int]:
    best = min(rank for rank, _, _ in candidates)
    first = [(column, index) for rank, column, index in candidates if rank == best]
    if len(first) > 1:
        raise _ambiguous(sheet, first[0][0].column, len(first))
    return first[0]


def _recognize(name: str, contract: Contract) -> tuple[int, Column] | None:
    """Return the rank of the match (0: the field's own name) and the contract field for a column of this name."""
    plain, unit = split_header(name)
    for spelling, spelled_unit in ((name, None), (plain, unit)):
        if match := _spellings(contract).get(canonical(spelling)):
            rank, target = match
            column = _with_unit(Column(target, name), spelled_unit)
            return None if column is None else (rank, column)
    return None


def _with_unit(column: Column, unit: str | None) -> Column | None:
    """Return `column` in the unit of its header; None for an unknown one."""
    target = column.field
    # Brackets after a category or flag contain its coding: 'Attack (yes/no)'.
    if unit is None or target.kind != "number":
        return column
    if canonical(unit) == canonical(target.unit):
        return replace(column, stated=True)
    converted = conversion(target, unit)
    if converted is None:
        # The text in brackets after a rating may be anything: 'Stress level (subjective)'.
        return column if is_rating(target) else None
    return replace(column, scale=converted[0], offset=converted[1], stated=True)


@lru_cache(maxsize=8)
def _spellings(contract: Contract) -> dict[str, tuple[int, Field]]:
    aliases = {
        canonical(alias.name): (rank, contract.by_name[alias.field]) for rank, alias in enumerate(ALIASES, start=1)
    }
    return aliases | {canonical(target.name): (0, target) for target in contract.fields}


def _ambiguous(sheet: Sheet, name: str, count: int) -> DataRefused:
    return DataRefused(
        f"{sheet.file} has {count} columns called '{name}'. Rename one, or choose one in a mapping: "
        f"'{name}#1' is the first."
    )


def _duplicates_note(sheet: Sheet, kept_out: Sequence[str]) -> tuple[str, ...]:
    twice = sorted(name for name, count in Counter(kept_out).items() if count > 1)
    return (
        (f"{sheet.file} has several columns of the same name; none of them is read: {listed(twice)}.",) if twice else ()
    )
