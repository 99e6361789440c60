"""The table source: files from any location, with or without a mapping, as one raw frame.

This module calls the steps in order. Not here: the steps themselves (`sources.files`, `sources.columns`,
`sources.side_files`, `sources.part`, `sources.styles`, `sources.raw_frame`, `sources.entries`, `sources.superseded`,
`sources.joins`), the notes (`sources.delivery_notes`, `sources.read_columns`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from migraine_assets.core.contract import ATTACK, CONTRACT, Contract
from migraine_assets.errors import DataRefused
from migraine_assets.sources import known_formats
from migraine_assets.sources.columns.mapping import SourceMapping, parse_mapping
from migraine_assets.sources.delivery_notes import delivery_notes, superseded_note
from migraine_assets.sources.entries import merge_entries, refuse_entries, stated_rules
from migraine_assets.sources.files.delivery import Delivery, SourceFile, raw_columns
from migraine_assets.sources.files.fetch import Fetched, fetch
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.importers.archive import unpacked
from migraine_assets.sources.importers.attacks import ADVICE
from migraine_assets.sources.joins import join_sides, with_columns
from migraine_assets.sources.part import Part, is_diary, read_part, refuse_unread_dates, require_outcome
from migraine_assets.sources.participants import horizon_of, lookalikes, name_participants
from migraine_assets.sources.raw_frame import part_frame
from migraine_assets.sources.read_columns import reading_notes, settle_units
from migraine_assets.sources.side_files import divide, refuse_missing
from migraine_assets.sources.styles import decide_styles
from migraine_assets.sources.superseded import superseded
from migraine_assets.sources.unlisted_days import add_quiet_days

# A diary of fewer days may have only attack days by chance.
LEAST_DAYS = 10


def open_table(
    location: str, *, mapping: str | None = None, limits: SourceLimits = DEFAULT, contract: Contract = CONTRACT
) -> Delivery:
    """Read the diary at `location` (file, folder, glob or URL), with the mapping file at `mapping` if there is one.

    Raises `ConfigurationError` for an unusable location or mapping, `DataRefused` for files that are not a diary or
    exceed `limits`. Unreadable cells and lines are not errors: the column `unreadable` describes them.
    """
    parsed = known_formats.read_mapping(mapping, limits=limits, contract=contract) if mapping else None
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
    """Return the delivery of fetched files. A known format without a mapping is read with its built-in one.

    Raises the errors of `open_table` for the content of the files.
    """
    files = [file for delivered in fetched.files for file in unpacked(delivered, limits)]
    refuse_missing(files, mapping)
    divided = divide(files, mapping, limits, contract)
    diaries = divided.diaries
    known = known_formats.recognize(diaries[0].sheet.header) if mapping is None else None
    mapping = known_formats.shipped_mapping(known, contract) if known else mapping
    parts, skipped = _diaries(
        [read_part(diary.sheet, mapping if known else diary.mapping, contract) for diary in diaries]
    )
    with_outcome = [part for part in parts if part.binding.position(ATTACK) is not None]
    for part in parts:
        require_outcome(part, mapping, beside=bool(with_outcome))
    styles = decide_styles(parts, mapping)
    read = [part_frame(part, mapping, style, contract) for part, style in zip(parts, styles.by_part, strict=True)]
    # A single file needs no copy.
    frame = read[0][0] if len(read) == 1 else pd.concat([rows for rows, _ in read], ignore_index=True)
    file = np.repeat(np.arange(len(parts)), [len(part.sheet.lines) for part in parts])
    columns, guesses = settle_units(frame, file, [columns for _, columns in read], contract)
    horizon = horizon_of(mapping, dated=bool(frame["date"].notna().any()))
    named = [part.binding.position("participant_id") is not None for part in parts]
    notes = (
        *fetched.notes,
        *divided.notes,
        *skipped,
        *delivery_notes(parts, mapping, known),
        *styles.dates.notes,
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
    notes = (*notes, *(lookalikes(frame) if any(named) else ()), *superseded_note(frame))
    frame, added = add_quiet_days(frame, mapping.observation if mapping else None, contract)
    _refuse_attack_days_alone(frame, description)
    joined = join_sides(frame, divided.sides, contract)
    return Delivery(
        source,
        description,
        # Select column by column, because selecting all columns at once would copy them.
        pd.DataFrame({name: joined.frame[name] for name in raw_columns(contract)}, copy=False),
        horizon,
        fetched.files,
        fetched.md5,
        tuple(dict.fromkeys((*notes, *added, *joined.notes))),
        mapping.text if mapping else None,
        with_columns(columns, joined),
        joined.participants,
        joined.tables,
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
    """Recreate an earlier delivery from its stored `files`."""
    parsed = parse_mapping(mapping, name="kept with the delivery", contract=contract) if mapping else None
    return table_delivery(
        Fetched(tuple(files), md5), parsed, source=source, description=description, limits=limits, contract=contract
    )


def _diaries(parts: list[Part]) -> tuple[list[Part], tuple[str, ...]]:
    """Return the parts that are diaries, and a note for each other file, such as a codebook."""
    diaries = [part for part in parts if is_diary(part)]
    others = [part.sheet.file for part in parts if not is_diary(part)]
    if not diaries:
        return parts, ()
    return diaries, tuple(f"{file} has no column of a diary and was left out." for file in others)


def _refuse_attack_days_alone(frame: pd.DataFrame, description: str) -> None:
    """Raise `DataRefused` for a dated diary of attack days only."""
    outcomes = frame[ATTACK].dropna()
    if len(outcomes) >= LEAST_DAYS and (outcomes == 1).all() and frame["date"].notna().any():
        raise DataRefused(
            f"{description} has attack days only: all {len(outcomes)} days have an attack, so an attack rate cannot "
            f"be computed. {ADVICE}"
        )
