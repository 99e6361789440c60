"""The table source: CSV or Parquet files from anywhere, with or without a mapping, as one raw frame.

Here belongs the order of the steps. Not here: any one of them (`files`, `reading`, `matching`, `coercion`,
`superseding`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, FIELDS, Field
from migraine_assets.errors import DataRefused
from migraine_assets.sources import known_formats
from migraine_assets.sources.columns import coercion, dates
from migraine_assets.sources.columns.binding import Binding, bind, listed
from migraine_assets.sources.columns.coercion import Coerced, Style
from migraine_assets.sources.columns.mapping import Column, SourceMapping, parse_mapping
from migraine_assets.sources.files.delivery import RAW_COLUMNS, Delivery, SourceFile
from migraine_assets.sources.files.fetch import Fetched, fetch, read_text
from migraine_assets.sources.files.reader import read_sheet
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.participants import horizon_of, lookalikes, name_participants
from migraine_assets.sources.superseded import superseded


@dataclass(frozen=True)
class _Part:
    """One file on its way: its sheet, what is read of it, and the cells."""

    sheet: Sheet
    binding: Binding
    cells: list[pa.Array]


def open_table(location: str, *, mapping: str | None = None) -> Delivery:
    """Read the diary at `location` (file, folder, glob, URL), with the mapping file at `mapping` if any.

    Raises `ConfigurationError` for a location or mapping that cannot be used, `DataRefused` for files that are
    no diary. Single cells and lines that cannot be read are no error: their rows say so in `unreadable`.
    """
    stated = parse_mapping(read_text(mapping), name=mapping) if mapping else None
    return table_delivery(fetch(location), stated, source="table", description=location)


def table_delivery(fetched: Fetched, mapping: SourceMapping | None, *, source: str, description: str) -> Delivery:
    """The delivery of files already in hand; a known form brings its own mapping."""
    sheets = [read_sheet(file) for file in fetched.files]
    form = known_formats.recognise(sheets[0].header) if mapping is None else None
    mapping = known_formats.shipped_mapping(form) if form else mapping
    parts = [_part(sheet, mapping) for sheet in sheets]
    order = _date_order(parts)
    frame = pd.concat([_frame(part, mapping, order) for part in parts], ignore_index=True)
    dated = bool(frame["date"].notna().any())
    horizon = horizon_of(mapping, dated=dated)
    named = [part.binding.position("participant_id") is not None for part in parts]
    notes = (*fetched.notes, *_notes(parts, mapping, form), *name_participants(frame, sheets, named, mapping))
    file = np.repeat(np.arange(len(parts)), [len(part.sheet.lines) for part in parts])
    frame["superseded"] = superseded(frame, file)
    notes = (*notes, *(lookalikes(frame) if any(named) else ()), *_superseded_note(frame))
    return Delivery(
        source,
        description,
        frame[list(RAW_COLUMNS)],
        horizon,
        fetched.files,
        fetched.md5,
        notes,
        mapping.text if mapping else None,
    )


def repeat_table(
    files: Sequence[SourceFile], *, md5: str, mapping: str | None, source: str, description: str
) -> Delivery:
    """The delivery that was made of `files` before, from what was kept of it."""
    stated = parse_mapping(mapping, name="kept with the delivery") if mapping else None
    return table_delivery(Fetched(tuple(files), md5), stated, source=source, description=description)


def _part(sheet: Sheet, mapping: SourceMapping | None) -> _Part:
    binding = bind(sheet, mapping)
    if binding.position(ATTACK) is None and ATTACK not in (mapping.constants if mapping else {}):
        raise DataRefused(
            f"{sheet.file} has no outcome: a column '{ATTACK}' (1 on a day with an attack, 0 without) is needed. "
            f"Found: {listed(sheet.header)}. If one of them is the outcome, name it in a mapping: "
            f"'columns: {{{ATTACK}: <column>}}'."
        )
    # Two fields may be taken from one column, which is loaded once.
    positions = sorted({position for _, position in binding.columns})
    loaded = dict(zip(positions, sheet.load(positions), strict=True))
    return _Part(sheet, binding, [loaded[position] for _, position in binding.columns])


def _date_order(parts: Sequence[_Part]) -> dates.Order | None:
    """Day first or month first, decided by the date cells of all files together."""
    cells: list[str] = []
    name = "date"
    for part in parts:
        at = part.binding.position("date")
        if at is None or (column := part.binding.columns[at][0]).format or column.epoch:
            continue
        name = column.column
        cells += coercion.distinct_texts(part.cells[at], column, Style(part.sheet.file))
    return dates.decide_order(cells, column=name)


def _frame(part: _Part, mapping: SourceMapping | None, order: dates.Order | None) -> pd.DataFrame:
    sheet, rows = part.sheet, len(part.sheet.lines)
    style = Style(sheet.file, sheet.decimal_comma, order)
    coerced = {column.field.name: coercion.coerce(column, cells, style)
               for (column, _), cells in zip(part.binding.columns, part.cells, strict=True)}  # fmt: skip
    constants = mapping.constants if mapping else {}
    columns = {field.name: coerced[field.name].values if field.name in coerced
               else _filled(field, constants.get(field.name, ""), rows) for field in FIELDS}  # fmt: skip
    columns["source_file"] = np.full(rows, sheet.file, object)
    columns["source_row"] = sheet.lines.astype(np.int64)
    columns["unreadable"] = _sentences(rows, sheet.complaints, list(coerced.values()))
    return pd.DataFrame(columns, copy=False)


def _filled(field: Field, stated: str, rows: int) -> NDArray[Any]:
    value = coercion.constant(Column(field, field.name), stated)
    if field.kind in ("string", "category"):
        return np.full(rows, value, object)
    if field.kind == "date":
        moment = np.datetime64("NaT") if value is None else np.datetime64(int(value), "D")
        return np.full(rows, moment.astype("datetime64[ns]"))
    return np.full(rows, np.nan if value is None else value, np.float64)


def _sentences(rows: int, complaints: dict[int, str], coerced: Sequence[Coerced]) -> NDArray[Any]:
    sentences = np.full(rows, None, object)
    for problems in (complaints, *(column.problems for column in coerced)):
        for row, text in problems.items():
            sentences[row] = text if sentences[row] is None else f"{sentences[row]}; {text}"
    return sentences


def _notes(parts: Sequence[_Part], mapping: SourceMapping | None, form: known_formats.Form | None) -> tuple[str, ...]:
    notes = [note for part in parts for note in (*part.sheet.notes, *part.binding.notes)]
    if form:
        notes.insert(0, f"The header is that of {form.name}; the mapping that ships for it was applied.")
    if mapping and mapping.description:
        notes.insert(0, mapping.description)
    notes += _renamed(parts) if mapping is None else []
    unread = sorted({name for part in parts for name in part.binding.kept_out})
    if unread:
        notes.append(f"Columns that are not in the contract were kept out: {listed(unread, limit=100)}.")
    return tuple(dict.fromkeys(notes))


def _renamed(parts: Sequence[_Part]) -> list[str]:
    """A note on every way in which a column was taken, with the first file that has it."""
    first: dict[tuple[str, str], str] = {}
    for part in parts:
        for column, _ in part.binding.columns:
            if column.column != column.field.name:
                first.setdefault((column.column, column.field.name), _taken(column, part.sheet.file))
    return list(first.values())


def _taken(column: Column, file: str) -> str:
    converted = f", times {column.scale:g} to {column.field.unit}" if column.scale != 1 else ""
    coded = f", with {', '.join(f'{old} as {new}' for old, new in column.recode.items())}" if column.recode else ""
    return f"{file}: column '{column.column}' was taken for {column.field.name}{converted}{coded}."


def _superseded_note(frame: pd.DataFrame) -> tuple[str, ...]:
    count = int(frame["superseded"].notna().sum())
    return (
        (f"{count} rows are superseded by a later file of the delivery; files follow one another by name.",)
        if count
        else ()
    )
