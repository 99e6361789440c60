"""The table source: CSV or Parquet files from any location, with or without a mapping, as one raw frame.

This module orders the steps. Not here: the steps themselves (`sources.files`, `sources.columns`,
`sources.part`, `sources.read_columns`, `sources.entries`, `sources.superseded`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, Contract, Field
from migraine_assets.errors import DataRefused
from migraine_assets.sources import known_formats
from migraine_assets.sources.columns import coercion, date_columns
from migraine_assets.sources.columns.binding import listed
from migraine_assets.sources.columns.cell_reader import Style
from migraine_assets.sources.columns.dates import DateReading
from migraine_assets.sources.columns.mapping import Column, SourceMapping, normal, parse_mapping
from migraine_assets.sources.entries import merge_entries, refuse_entries, stated_rules
from migraine_assets.sources.files.delivery import Delivery, ReadColumn, SourceFile, raw_columns
from migraine_assets.sources.files.encoding import uncompressed
from migraine_assets.sources.files.fetch import Fetched, fetch, read_text
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.files.reader import read_sheet
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers import registry as importers
from migraine_assets.sources.importers.archive import unpacked
from migraine_assets.sources.importers.attacks import ADVICE, days_of
from migraine_assets.sources.importers.formats.attack_events import attack_list
from migraine_assets.sources.part import Part, is_diary, read_part, refuse_unread_dates, require_outcome
from migraine_assets.sources.participants import horizon_of, lookalikes, name_participants
from migraine_assets.sources.read_columns import read_column, reading_notes, settle_units
from migraine_assets.sources.superseded import superseded
from migraine_assets.sources.unlisted import add_quiet_days

# A diary of fewer days may well have attack days only by chance.
LEAST_DAYS = 10


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
    sheets = [_sheet(file, mapping, limits) for file in files]
    known = known_formats.recognize(sheets[0].header) if mapping is None else None
    mapping = known_formats.shipped_mapping(known) if known else mapping
    parts, skipped = _diaries([read_part(sheet, mapping, contract) for sheet in sheets])
    for part in parts:
        require_outcome(part, mapping)
    context = _context(parts, mapping)
    read = [_frame(part, mapping, style, contract) for part, style in zip(parts, context.styles, strict=True)]
    frame = pd.concat([part_frame for part_frame, _ in read], ignore_index=True)
    file = np.repeat(np.arange(len(parts)), [len(part.sheet.lines) for part in parts])
    columns, guesses = settle_units(frame, file, [columns for _, columns in read], contract)
    horizon = horizon_of(mapping, dated=bool(frame["date"].notna().any()))
    named = [part.binding.position("participant_id") is not None for part in parts]
    notes = (
        *fetched.notes,
        *skipped,
        *_notes(parts, mapping, known),
        *context.dates.notes,
        *reading_notes(column for _, columns in read for column in columns),
        *guesses,
    )
    refuse_unread_dates(parts, frame, mapping)
    hints = [note for part in parts for note in part.notes]
    notes = (*notes, *name_participants(frame, [part.sheet for part in parts], named, mapping, hints=hints))
    if mapping and mapping.entries:
        rules = stated_rules([(column.field.name, column.entries) for column in mapping.columns])
        frame, rows, note = merge_entries(frame, rules, contract)
        file, notes = file[rows], (*notes, note)
    elif len(frame):
        refuse_entries(frame, file, contract)
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
        tuple(dict.fromkeys((*notes, *added))),
        mapping.text if mapping else None,
        columns,
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
    file = replace(file, content=uncompressed(file.name, file.content, limits=limits))  # once for all readers
    sheet = importers.read(file.name, file.content, limits)
    if sheet is None:
        encoding, skip = (mapping.encoding, mapping.skip_rows) if mapping else (None, 0)
        sheet = read_sheet(file, limits=limits, stated_encoding=encoding, skip_rows=skip)
    if isinstance(sheet, Sheet):
        if mapping and mapping.events:
            sheet = attack_list(sheet, mapping.events)
        else:
            sheet = importers.reshape(sheet, mapped=bool(mapping and mapping.columns))
    if isinstance(sheet, Sheet):
        return sheet
    return days_of(sheet, mapping.observation if mapping else None)


def _diaries(parts: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """Leave out files of a folder that have no column of a diary, such as a codebook, and note them."""
    diaries = [part for part in parts if is_diary(part)]
    others = [part.sheet.file for part in parts if not is_diary(part)]
    if not diaries:
        return parts, ()
    return diaries, tuple(f"{file} has no column of a diary and was left out." for file in others)


def _refuse_attack_days_alone(frame: pd.DataFrame, description: str) -> None:
    """Raises `DataRefused` for a dated diary without a day on which the participant had no attack."""
    outcomes = frame[ATTACK].dropna()
    if len(outcomes) >= LEAST_DAYS and (outcomes == 1).all() and frame["date"].notna().any():
        raise DataRefused(
            f"{description} has attack days only: all {len(outcomes)} days have an attack, so an attack rate cannot "
            f"be computed. {ADVICE}"
        )


@dataclass(frozen=True)
class _Context:
    """What all files decide together: the reading of dates, and the style of each file."""

    dates: DateReading
    styles: tuple[Style, ...]


def _context(parts: Sequence[Part], mapping: SourceMapping | None) -> _Context:
    stated = mapping or SourceMapping(())
    reading = _date_reading(parts, stated.timezone)
    sexes = [part.column("sex") for part in parts]
    sex = frozenset(
        normal(coercion.unguarded(text))
        for pair in sexes if pair is not None
        for text in coercion.distinct_texts(pair[1], pair[0], Style(""))
    )  # fmt: skip
    styles = tuple(
        Style(part.sheet.file, _has_comma(part), stated.decimal, stated.thousands, reading, sex) for part in parts
    )
    return _Context(reading, styles)


def _has_comma(part: Part) -> bool:
    pairs = zip(part.binding.columns, part.cells, strict=True)
    return part.sheet.decimal_comma and any(coercion.has_decimal_comma(column, cells) for (column, _), cells in pairs)


def _date_reading(parts: Sequence[Part], timezone: str | None) -> DateReading:
    """Decide how dates are read, from the date cells of all files together."""
    texts: list[str] = []
    name = "date"
    for part in parts:
        pair = part.column("date")
        if pair is not None and not pair[0].format and not pair[0].epoch:
            name = pair[0].column
            if timezone is None:
                date_columns.refuse_utc_stamps(pair[1], column=name)
            recoded = pair[0].recode
            texts_of_part = coercion.distinct_texts(pair[1], pair[0], Style(part.sheet.file))
            texts += [text for text in texts_of_part if text.strip() and normal(text) not in recoded]
    return date_columns.decide(texts, column=name, timezone=timezone)


def _frame(
    part: Part, mapping: SourceMapping | None, style: Style, contract: Contract
) -> tuple[pd.DataFrame, tuple[ReadColumn, ...]]:
    sheet, rows = part.sheet, len(part.sheet.lines)
    coerced = {column.field.name: coercion.coerce(column, cells, style)
               for (column, _), cells in zip(part.binding.columns, part.cells, strict=True)}  # fmt: skip
    constants = mapping.constants if mapping else {}
    columns = {field.name: coerced[field.name].values if field.name in coerced
               else _filled(field, constants.get(field.name, ""), rows) for field in contract.fields}  # fmt: skip
    columns["source_file"] = np.full(rows, sheet.file, object)
    columns["source_row"] = sheet.lines.astype(np.int64)
    needed = [part.problems for name, part in coerced.items() if contract.by_name[name].role == "key" or name == ATTACK]
    others = [
        part.problems for name, part in coerced.items() if contract.by_name[name].role != "key" and name != ATTACK
    ]
    columns["unreadable"] = _joined(rows, [sheet.problems, *needed], "; ")
    columns["nulled"] = _joined(rows, others, "\n")
    read_columns = tuple(
        read_column(column, cells, coerced[column.field.name], sheet.file)
        for (column, _), cells in zip(part.binding.columns, part.cells, strict=True)
    )
    return pd.DataFrame(columns, copy=False), read_columns


def _filled(field: Field, value: str, rows: int) -> NDArray[Any]:
    content = coercion.constant(Column(field, field.name), value)
    if field.kind in ("string", "category"):
        return np.full(rows, content, object)
    if field.kind == "date":
        day = np.datetime64("NaT") if content is None else np.datetime64(int(content), "D")
        return np.full(rows, day.astype("datetime64[ns]"))
    return np.full(rows, np.nan if content is None else content, np.float64)


def _joined(rows: int, problems: Sequence[Mapping[int, str]], separator: str) -> NDArray[Any]:
    sentences = np.full(rows, None, object)
    for by_row in problems:
        for row, text in by_row.items():
            sentences[row] = text if sentences[row] is None else f"{sentences[row]}{separator}{text}"
    return sentences


def _notes(
    parts: Sequence[Part], mapping: SourceMapping | None, known: known_formats.KnownFormat | None
) -> tuple[str, ...]:
    notes = [note for part in parts for note in (*part.sheet.notes, *part.binding.notes)]
    if known:
        notes.insert(0, f"The header is that of {known.name}; the built-in mapping was applied.")
    if mapping and mapping.description:
        notes.insert(0, mapping.description)
    notes += [note for part in parts for note in part.notes]
    ignored = sorted({name for part in parts for name in part.binding.kept_out})
    if ignored:
        notes.append(f"Columns that are not in the contract were ignored: {listed(ignored, limit=100)}.")
    unread = sorted({name for part in parts for name, _ in part.binding.unread})
    if unread:
        notes.append(f"Columns that the mapping does not read (match_names is not set): {listed(unread, limit=100)}.")
    return tuple(dict.fromkeys(notes))


def _superseded_note(frame: pd.DataFrame) -> tuple[str, ...]:
    count = int(frame["superseded"].notna().sum())
    return (
        (f"{count} rows are superseded by a later file of the delivery; files are ordered by name.",) if count else ()
    )
