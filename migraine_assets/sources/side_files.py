"""The choice of side tables among the files of a delivery, by the mapping or by their format.

Not here: joining them (`sources.joins`), their formats (`sources.importers.formats`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from migraine_assets.core.contract import ATTACK, Contract
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.binding import bind, listed
from migraine_assets.sources.columns.mapping import Column, Join, SourceMapping
from migraine_assets.sources.files.delivery import SourceFile
from migraine_assets.sources.files.fetch import is_diary_file
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import AttackList, days_of
from migraine_assets.sources.importers.importer import NoDiary
from migraine_assets.sources.importers.side_table import SideTable
from migraine_assets.sources.part import Part, read_part
from migraine_assets.sources.read_file import read_file


@dataclass(frozen=True)
class Side:
    """A side table, the mapping of its columns, and the entry under `join` for it, if there is one.

    `what`: the export, for messages. `of_place`: whether the values belong to a place and not to a participant.
    """

    part: Part
    mapping: SourceMapping
    what: str
    of_place: bool = False
    join: Join | None = None

    def notes(self, contract: Contract) -> tuple[str, ...]:
        """Return the notes on the file and on its ignored columns."""
        names = [name for name in self.part.binding.kept_out if name not in contract.by_name]
        notes = (*self.part.sheet.notes, *self.part.notes)
        if not names:
            return notes
        return (
            *notes,
            f"{self.part.sheet.file}: columns that are not in the contract were ignored: {listed(names)}. To read one, "
            "declare it under 'contract: fields' in params.yaml.",
        )


@dataclass(frozen=True)
class DiarySheet:
    """A file with an outcome, and the mapping of its columns."""

    sheet: Sheet
    mapping: SourceMapping | None = None


def join_of(file: SourceFile, mapping: SourceMapping | None) -> Join | None:
    """Return the entry of `mapping` that joins `file`: by its name, its name without folders, or a pattern."""
    leaf = PurePosixPath(file.name).name
    for join in mapping.join if mapping else ():
        if any(name == join.file or fnmatchcase(name, join.file) for name in (file.name, leaf)):
            return join
    return None


def refuse_missing(files: Sequence[SourceFile], mapping: SourceMapping | None) -> None:
    """Raise `ConfigurationError` for an entry under `join` whose file is not in the delivery."""
    joined = {id(join) for file in files if (join := join_of(file, mapping))}
    missing = [join.file for join in (mapping.join if mapping else ()) if id(join) not in joined]
    if missing:
        raise ConfigurationError(
            f"The mapping joins '{missing[0]}', which is not among the files of the delivery "
            f"({listed([file.name for file in files])}). Put it into the folder or archive of the diary, and give that "
            "as the source."
        )


@dataclass(frozen=True)
class Divided:
    """The files of a delivery, and the notes on those that were left out."""

    diaries: tuple[DiarySheet, ...]
    sides: tuple[Side, ...] = ()
    notes: tuple[str, ...] = ()


def divide(
    files: Sequence[SourceFile], mapping: SourceMapping | None, limits: SourceLimits, contract: Contract
) -> Divided:
    """Divide `files` into diaries and side tables. Raises `DataRefused` if there is no diary."""
    diaries: list[DiarySheet] = []
    sides: list[Side] = []
    read, notes = _diary_files(files)
    no_diaries: list[NoDiary] = []
    for file in read:
        if join := join_of(file, mapping):
            sides.append(_stated_side(file, join, limits, contract))
            continue
        try:
            content = read_file(file, mapping, limits)
        except NoDiary as error:
            no_diaries.append(error)
            notes = (*notes, f"Left out: {error}")
            continue
        if not isinstance(content, SideTable):
            observation, timezone = (mapping.observation, mapping.timezone) if mapping else (None, None)
            if isinstance(content, Sheet):
                diaries.append(DiarySheet(content, mapping))
            else:
                days = days_of(content, observation, timezone)
                diaries.append(DiarySheet(days, _mapping_of_attacks(days, mapping, contract)))
        elif side := _recognized_side(content, contract):
            sides.append(side)
        else:
            diaries.append(DiarySheet(content.sheet, mapping or _mapping_of(content, contract)))
    if not diaries and not sides:
        raise no_diaries[0]
    if not diaries:
        _refuse_alone(sides)
    return Divided(tuple(diaries), tuple(sides), notes)


def _diary_files(files: Sequence[SourceFile]) -> tuple[Sequence[SourceFile], tuple[str, ...]]:
    """Leave out files whose names are not those of diaries, such as routes of Apple Health, if there are others."""
    named = [file for file in files if is_diary_file(file.name)]
    others = [file.name for file in files if not is_diary_file(file.name)]
    if not named or not others:
        return files, ()
    return named, (f"Ignored files, which by their names are not diaries: {listed(others)}.",)


def _stated_side(file: SourceFile, join: Join, limits: SourceLimits, contract: Contract) -> Side:
    """Return the side table of an entry under `join`, read by its format or by the columns of the entry."""
    content = read_file(file, join.mapping, limits)
    if isinstance(content, AttackList):
        raise DataRefused(f"{file.name} is a list of attacks, which is a diary of its own and cannot be joined.")
    if isinstance(content, SideTable):
        _refuse_columns(file, content, join)
        side = _recognized_side(content, contract, mapping=join.mapping)
        if side is None:
            raise DataRefused(f"{file.name} has an outcome, so it is a diary. Remove it from 'join'.")
        return replace(side, join=join)
    return Side(_without_outcomes(content, join.mapping, contract), join.mapping, "", join=join)


def _refuse_columns(file: SourceFile, table: SideTable, join: Join) -> None:
    """Raise `ConfigurationError` if the entry maps columns of a file whose format already defines them."""
    if named := [column.field.name for column in join.mapping.columns if not column.file_name]:
        raise ConfigurationError(
            f"{file.name} is an export of {table.what}, which is read without a mapping. Remove {listed(named)} from "
            f"the columns of 'file: {join.file}' under 'join'."
        )


def _recognized_side(table: SideTable, contract: Contract, *, mapping: SourceMapping | None = None) -> Side | None:
    """Return `table` as a side table; None if it has an outcome and is therefore a diary."""
    stated = _mapping_of(table, contract)
    if mapping is not None:
        # For example, the participant is the name of the file.
        stated = replace(stated, columns=(*stated.columns, *mapping.columns), constants=mapping.constants)
    part = read_part(table.sheet, stated, contract)
    if part.binding.position(ATTACK) is not None:
        return None
    part = _without_outcomes(table.sheet, stated, contract)
    return Side(part, stated, table.what, table.of_place)


def _mapping_of(table: SideTable, contract: Contract) -> SourceMapping:
    """Return the mapping of a side table, whose columns have the names and units of fields."""
    fields = [contract.by_name[name] for name in table.sheet.header if name in contract.by_name]
    return SourceMapping(tuple(Column(field, field.name, stated=True) for field in fields), match_names=True)


def _mapping_of_attacks(days: Sheet, mapping: SourceMapping | None, contract: Contract) -> SourceMapping:
    """Return the mapping of the days of attacks, whose columns have the names and units of fields."""
    stated = mapping or SourceMapping((), match_names=True)
    known = {column.field.name for column in stated.columns} | set(stated.constants)
    fields = [contract.by_name[name] for name in days.header if name in contract.by_name and name not in known]
    return replace(stated, columns=(*stated.columns, *(Column(field, field.name, stated=True) for field in fields)))


def _without_outcomes(sheet: Sheet, mapping: SourceMapping, contract: Contract) -> Part:
    """Read the columns of a side table except outcomes: its durations are not those of attacks."""
    binding = bind(sheet, mapping, contract)
    outcomes = {position for column, position in binding.columns if column.field.role == "outcome"}
    return read_part(sheet, mapping, contract, without=outcomes)


def _refuse_alone(sides: Sequence[Side]) -> None:
    """Raise `DataRefused` for side tables without a diary."""
    first = sides[0]
    raise DataRefused(
        f"{first.part.sheet.file} ({first.what}) has daily values, but no attacks. Put it beside a diary into one "
        "folder or archive, and give that as the source: its values are then joined to the days of the diary."
    )
