"""A part of a delivery, which is one file: its sheet, the binding of its columns to fields, and their cells.

Not here: the delivery as a whole (`sources.table`).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migraine_assets.core.contract import ATTACK, CONTRACT, Contract
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns import arrow_columns
from migraine_assets.sources.columns.advice import mapping_line, remedy
from migraine_assets.sources.columns.binding import Binding, bind, header_of, listed
from migraine_assets.sources.columns.cell_reader import Style
from migraine_assets.sources.columns.dates import Order, parse_date
from migraine_assets.sources.columns.mapping import Column, SourceMapping
from migraine_assets.sources.files.sheet import Sheet

# In a file of fewer rows, each participant may have a single row.
_MIN_ENTRIES = 20

_DATE_NAME = re.compile("dat|day|dag|tag|fecha|jour|giorno|dia|when|time")
_SAMPLE, _DATE_SHARE = 200, 0.8


@dataclass(frozen=True)
class Part:
    """One file of a delivery. `cells` has one array for each column of `binding`."""

    sheet: Sheet
    binding: Binding
    cells: list[pa.Array]
    notes: tuple[str, ...] = ()

    def column(self, field: str) -> tuple[Column, pa.Array] | None:
        """Return the column that is read as `field` and its cells; None if there is none."""
        position = self.binding.position(field)
        return None if position is None else (self.binding.columns[position][0], self.cells[position])


def read_part(
    sheet: Sheet, mapping: SourceMapping | None, contract: Contract = CONTRACT, *, without: Collection[int] = ()
) -> Part:
    """Bind and load the columns of `sheet`, except those at the positions `without`."""
    binding = bind(sheet, mapping, contract, without=without)
    cells = _load(sheet, binding)
    numbered = entry_number(sheet, binding)
    if numbered is None:
        return Part(sheet, binding, cells)
    name = sheet.header[numbered]
    binding = bind(sheet, mapping, contract, without={*without, numbered})
    note = (
        f"{sheet.file}: column '{name}' has a different value in every row, so it does not identify participants. If "
        f"it does, state it in the mapping: {mapping_line('participant_id', name)}"
    )
    return Part(sheet, binding, _load(sheet, binding), (note,))


def entry_number(sheet: Sheet, binding: Binding) -> int | None:
    """Return the position of a column that was bound to the participant by its name, but only numbers the entries.

    Such a column differs in every row of a dated diary. A column named `participant_id` is never one.
    """
    index = binding.position("participant_id")
    if index is None or "participant_id" not in binding.guessed or binding.position("date") is None:
        return None
    column, position = binding.columns[index]
    if column.column.casefold() == column.field.name or len(sheet.lines) < _MIN_ENTRIES:
        return None
    (cells,) = sheet.load([position])
    known = cells.drop_null()
    return position if len(known) and pc.count_distinct(known).as_py() == len(known) else None


def is_diary(part: Part) -> bool:
    """Return whether the file has a participant, a date or an outcome; any other file is not a diary."""
    return any(part.binding.position(name) is not None for name in ("participant_id", "date", ATTACK))


def require_outcome(part: Part, mapping: SourceMapping | None, *, beside: bool = False) -> None:
    """Raise `DataRefused` if the file has no outcome, or if the mapping leaves out its participants or dates.

    `beside`: whether another file of the delivery has the outcome, so that this file may be joined to it.
    """
    constants: Mapping[str, str] = mapping.constants if mapping else {}
    name = part.sheet.file
    if part.binding.position(ATTACK) is None and ATTACK not in constants:
        raise DataRefused(
            f"{name} has no outcome: a column '{ATTACK}' (1 on a day with an attack, 0 without) is required. "
            f"Found: {header_of(part.sheet)}. If one of them is the outcome, name it. "
            f"{remedy(mapping_line(ATTACK, '<column>'))}{_join_advice(name) if beside else ''}"
        )
    left_out = [f"'{column}' ({field})" for column, field in part.binding.unread if field in ("participant_id", "date")]
    if left_out:
        raise DataRefused(
            f"The mapping does not read {' and '.join(left_out)} of {name}, without which days have no history. Add "
            "'match_names: true', or map the columns; to leave them out, name them under 'ignore'."
        )


def _join_advice(file: str) -> str:
    return (
        " If it holds further values of the days of the diary, join it: "
        f"{{match_names: true, join: [{{file: {file}, match_names: true}}]}}"
    )


def refuse_unread_dates(parts: Sequence[Part], frame: pd.DataFrame, mapping: SourceMapping | None) -> None:
    """Raise `DataRefused` if participants have several rows without a date although an ignored column holds dates."""
    if (mapping and mapping.horizon == 0) or frame["date"].notna().any():
        return
    if not frame["participant_id"].duplicated().any() or frame["participant_id"].isna().all():
        return
    for part in parts:
        ignored = {*part.binding.kept_out}
        names = [
            name
            for position, name in enumerate(part.sheet.header)
            if name in ignored and _DATE_NAME.search(name.casefold()) and _holds_dates(part.sheet, position)
        ]
        if names:
            which = names[0] if len(names) == 1 else "<column>"
            raise DataRefused(
                f"{part.sheet.file} has participants with several rows and no date, but {listed(names)} may be the day "
                f"and is not read. {remedy(mapping_line('date', which))} If the order of the days does not matter, "
                "state 'horizon: 0'."
            )


def _holds_dates(sheet: Sheet, position: int) -> bool:
    (cells,) = sheet.load([position])
    if pa.types.is_temporal(cells.type):
        return True
    if not pa.types.is_string(cells.type):
        return False
    sample = [text for text in cells.slice(0, _SAMPLE).to_pylist() if text]
    orders: tuple[Order, ...] = ("day first", "month first")
    dates = [text for text in sample if any(parse_date(text.strip(), order) is not None for order in orders)]
    return len(dates) >= max(1, _DATE_SHARE * len(sample))


def _load(sheet: Sheet, binding: Binding) -> list[pa.Array]:
    # Load a column once, even if two fields are read from it.
    positions = sorted({position for _, position in binding.columns if position >= 0} | set(binding.joined))
    loaded = dict(zip(positions, sheet.load(positions), strict=True))
    return [_cells(column, position, sheet, binding, loaded) for column, position in binding.columns]


def _cells(column: Column, position: int, sheet: Sheet, binding: Binding, loaded: Mapping[int, pa.Array]) -> pa.Array:
    if column.file_name:
        return pa.repeat(PurePosixPath(sheet.file).name.partition(".")[0], len(sheet.lines))
    if column.joined:
        style = Style(sheet.file)
        texts = [arrow_columns.texts_of(loaded[place], column, style) for place in (position, *binding.joined)]
        return pc.binary_join_element_wise(*(pc.utf8_trim_whitespace(text) for text in texts), "/")
    return loaded[position]
