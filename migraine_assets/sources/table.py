"""The table source: CSV or Parquet files from any location, with or without a mapping, as one raw frame.

This module orders the steps. Not here: the steps themselves (`sources.files`, `sources.columns`,
`sources.superseded`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, Contract, Field
from migraine_assets.errors import DataRefused
from migraine_assets.sources import known_formats
from migraine_assets.sources.columns import coercion, dates
from migraine_assets.sources.columns.binding import Binding, bind, header_of, listed
from migraine_assets.sources.columns.coercion import Coerced, Style
from migraine_assets.sources.columns.mapping import Column, SourceMapping, parse_mapping
from migraine_assets.sources.files.delivery import Delivery, SourceFile, raw_columns
from migraine_assets.sources.files.encoding import uncompressed
from migraine_assets.sources.files.fetch import Fetched, fetch, read_text
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.files.reader import read_sheet
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers import registry as importers
from migraine_assets.sources.importers.archive import unpacked
from migraine_assets.sources.importers.attacks import ADVICE, days_of
from migraine_assets.sources.importers.formats.attack_events import attack_list
from migraine_assets.sources.participants import horizon_of, lookalikes, name_participants
from migraine_assets.sources.superseded import superseded
from migraine_assets.sources.unlisted import add_quiet_days

# A diary of fewer days may well have attack days only by chance.
LEAST_DAYS = 10


@dataclass(frozen=True)
class _Part:
    """One file: its sheet, the binding of its columns to fields, and their cells."""

    sheet: Sheet
    binding: Binding
    cells: list[pa.Array]


def open_table(
    location: str, *, mapping: str | None = None, limits: SourceLimits = DEFAULT, contract: Contract = CONTRACT
) -> Delivery:
    """Read the diary at `location` (file, folder, glob or URL), with the mapping file at `mapping` if given.

    Raises `ConfigurationError` for an unusable location or mapping, `DataRefused` for files that are not a diary or are
    beyond `limits`.
    Unreadable cells and lines are not an error: the column `unreadable` of their rows describes them.
    """
    parsed = parse_mapping(read_text(mapping, limits=limits), name=mapping, contract=contract) if mapping else None
    return table_delivery(
        fetch(location, limits=limits), parsed, source="table", description=location, limits=limits, contract=contract
    )


def table_delivery(
    fetched: Fetched,
    mapping: SourceMapping | None,
    *,
    source: str,
    description: str,
    limits: SourceLimits = DEFAULT,
    contract: Contract = CONTRACT,
) -> Delivery:
    """Return the delivery of fetched files; a known format has its own mapping."""
    files = [file for delivered in fetched.files for file in unpacked(delivered, limits)]
    sheets, others = _diaries([_sheet(file, mapping, limits) for file in files], mapping, contract)
    known = known_formats.recognize(sheets[0].header) if mapping is None else None
    mapping = known_formats.shipped_mapping(known) if known else mapping
    parts = [_part(sheet, mapping, contract) for sheet in sheets]
    order = _date_order(parts)
    frame = pd.concat([_frame(part, mapping, order, contract) for part in parts], ignore_index=True)
    dated = bool(frame["date"].notna().any())
    horizon = horizon_of(mapping, dated=dated)
    named = [part.binding.position("participant_id") is not None for part in parts]
    notes = (*fetched.notes, *others, *_notes(parts, mapping, known), *name_participants(frame, sheets, named, mapping))
    file = np.repeat(np.arange(len(parts)), [len(part.sheet.lines) for part in parts])
    frame["superseded"] = superseded(frame, file, contract)
    notes = (*notes, *(lookalikes(frame) if any(named) else ()), *_superseded_note(frame))
    frame, added = add_quiet_days(frame, mapping.observation if mapping else None, contract)
    _refuse_attack_days_alone(frame, description)
    return Delivery(
        source,
        description,
        frame[list(raw_columns(contract))],
        horizon,
        fetched.files,
        fetched.md5,
        (*notes, *added),
        mapping.text if mapping else None,
    )


def repeat_table(
    files: Sequence[SourceFile],
    *,
    md5: str,
    mapping: str | None,
    source: str,
    description: str,
    limits: SourceLimits = DEFAULT,
    contract: Contract = CONTRACT,
) -> Delivery:
    """Recreate an earlier delivery from its kept `files`."""
    parsed = parse_mapping(mapping, name="kept with the delivery", contract=contract) if mapping else None
    return table_delivery(
        Fetched(tuple(files), md5), parsed, source=source, description=description, limits=limits, contract=contract
    )


def _sheet(file: SourceFile, mapping: SourceMapping | None, limits: SourceLimits) -> Sheet:
    """Read one file as diary days: those in it, or those of the attacks that it lists."""
    content = uncompressed(file.name, file.content, limits=limits)
    sheet = importers.read(file.name, content, limits)
    if sheet is None:
        sheet = read_sheet(file, limits=limits)
    if isinstance(sheet, Sheet):
        if mapping and mapping.events:
            sheet = attack_list(sheet, mapping.events)
        else:
            sheet = importers.reshape(sheet, mapped=bool(mapping and mapping.columns))
    if isinstance(sheet, Sheet):
        return sheet
    return days_of(sheet, mapping.observation if mapping else None)


def _diaries(
    sheets: list[Sheet], mapping: SourceMapping | None, contract: Contract
) -> tuple[list[Sheet], tuple[str, ...]]:
    """Leave out files of a folder that have no field of a diary, such as a codebook, and note them."""
    if len(sheets) == 1 or (mapping and mapping.columns):
        return sheets, ()  # A mapping is checked against every file.
    fields = [{column.field.name for column, _ in bind(sheet, mapping, contract).columns} for sheet in sheets]
    diaries = [sheet for sheet, names in zip(sheets, fields, strict=True) if {ATTACK, "date", "participant_id"} & names]
    if not diaries:
        return sheets, ()
    left_out = [sheet.file for sheet in sheets if sheet not in diaries]
    return diaries, tuple(f"{file} has no column of a diary and was left out." for file in left_out)


def _refuse_attack_days_alone(frame: pd.DataFrame, description: str) -> None:
    """Raises `DataRefused` for a dated diary without a day on which the participant had no attack."""
    outcomes = frame[ATTACK].dropna()
    if len(outcomes) >= LEAST_DAYS and (outcomes == 1).all() and frame["date"].notna().any():
        raise DataRefused(
            f"{description} has attack days only: all {len(outcomes)} days have an attack, so an attack rate cannot "
            f"be computed. {ADVICE}"
        )


def _part(sheet: Sheet, mapping: SourceMapping | None, contract: Contract) -> _Part:
    binding = bind(sheet, mapping, contract)
    if binding.position(ATTACK) is None and ATTACK not in (mapping.constants if mapping else {}):
        raise DataRefused(
            f"{sheet.file} has no outcome: a column '{ATTACK}' (1 on a day with an attack, 0 without) is required. "
            f"Found: {header_of(sheet)}. If one of them is the outcome, name it in a mapping: "
            f"'columns: {{{ATTACK}: <column>}}'."
        )
    # Two fields may be read from one column, which is loaded once.
    positions = sorted({position for _, position in binding.columns})
    loaded = dict(zip(positions, sheet.load(positions), strict=True))
    return _Part(sheet, binding, [loaded[position] for _, position in binding.columns])


def _date_order(parts: Sequence[_Part]) -> dates.Order | None:
    """Decide between day first and month first from the date cells of all files together."""
    cells: list[str] = []
    name = "date"
    for part in parts:
        position = part.binding.position("date")
        if position is None or (column := part.binding.columns[position][0]).format or column.epoch:
            continue
        name = column.column
        cells += coercion.distinct_texts(part.cells[position], column, Style(part.sheet.file))
    return dates.decide_order(cells, column=name)


def _frame(part: _Part, mapping: SourceMapping | None, order: dates.Order | None, contract: Contract) -> pd.DataFrame:
    sheet, rows = part.sheet, len(part.sheet.lines)
    style = Style(sheet.file, sheet.decimal_comma, order)
    coerced = {column.field.name: coercion.coerce(column, cells, style)
               for (column, _), cells in zip(part.binding.columns, part.cells, strict=True)}  # fmt: skip
    constants = mapping.constants if mapping else {}
    columns = {field.name: coerced[field.name].values if field.name in coerced
               else _filled(field, constants.get(field.name, ""), rows) for field in contract.fields}  # fmt: skip
    columns["source_file"] = np.full(rows, sheet.file, object)
    columns["source_row"] = sheet.lines.astype(np.int64)
    columns["unreadable"] = _sentences(rows, sheet.problems, list(coerced.values()))
    return pd.DataFrame(columns, copy=False)


def _filled(field: Field, value: str, rows: int) -> NDArray[Any]:
    content = coercion.constant(Column(field, field.name), value)
    if field.kind in ("string", "category"):
        return np.full(rows, content, object)
    if field.kind == "date":
        day = np.datetime64("NaT") if content is None else np.datetime64(int(content), "D")
        return np.full(rows, day.astype("datetime64[ns]"))
    return np.full(rows, np.nan if content is None else content, np.float64)


def _sentences(rows: int, problems_by_row: dict[int, str], coerced: Sequence[Coerced]) -> NDArray[Any]:
    sentences = np.full(rows, None, object)
    for problems in (problems_by_row, *(column.problems for column in coerced)):
        for row, text in problems.items():
            sentences[row] = text if sentences[row] is None else f"{sentences[row]}; {text}"
    return sentences


def _notes(
    parts: Sequence[_Part], mapping: SourceMapping | None, known: known_formats.KnownFormat | None
) -> tuple[str, ...]:
    notes = [note for part in parts for note in (*part.sheet.notes, *part.binding.notes)]
    if known:
        notes.insert(0, f"The header is that of {known.name}; the built-in mapping was applied.")
    if mapping and mapping.description:
        notes.insert(0, mapping.description)
    notes += _renamed(parts) if mapping is None else []
    ignored = sorted({name for part in parts for name in part.binding.kept_out})
    if ignored:
        notes.append(f"Columns that are not in the contract were ignored: {listed(ignored, limit=100)}.")
    return tuple(dict.fromkeys(notes))


def _renamed(parts: Sequence[_Part]) -> list[str]:
    """Return a note for each column that was read as a field of another name, with the first file that has it."""
    first: dict[tuple[str, str], str] = {}
    for part in parts:
        for column, _ in part.binding.columns:
            if column.column != column.field.name:
                first.setdefault((column.column, column.field.name), _renaming(column, part.sheet.file))
    return list(first.values())


def _renaming(column: Column, file: str) -> str:
    converted = f", times {column.scale:g} to {column.field.unit}" if column.scale != 1 else ""
    coded = f", with {', '.join(f'{old} as {new}' for old, new in column.recode.items())}" if column.recode else ""
    return f"{file}: column '{column.column}' was read as {column.field.name}{converted}{coded}."


def _superseded_note(frame: pd.DataFrame) -> tuple[str, ...]:
    count = int(frame["superseded"].notna().sum())
    return (
        (f"{count} rows are superseded by a later file of the delivery; files are ordered by name.",) if count else ()
    )
