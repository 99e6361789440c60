"""Participants and horizon of a source without a participant or a date column.

Not here: reading these columns (`sources.columns`).
"""

from collections.abc import Sequence

import pandas as pd

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.advice import mapping_line
from migraine_assets.sources.columns.binding import header_of
from migraine_assets.sources.columns.mapping import SourceMapping, normal
from migraine_assets.sources.files.sheet import Sheet

# The participant of a dated diary without a participant column.
ONE_PERSON = "person-1"


def horizon_of(mapping: SourceMapping | None, *, dated: bool) -> int:
    """Return the horizon of the mapping; without one, 1 for a dated diary and 0 for an undated one.

    Raises `ConfigurationError` if the mapping has a horizon above 0 and the diary has no dates.
    """
    stated = mapping.horizon if mapping else None
    if stated and not dated:
        raise ConfigurationError(
            f"The mapping asks for horizon {stated}, but the diary has no dates. Map a date, or write 'horizon: 0'."
        )
    return int(dated) if stated is None else stated


def name_participants(
    frame: pd.DataFrame,
    sheets: Sequence[Sheet],
    named: Sequence[bool],
    mapping: SourceMapping | None,
    *,
    hints: Sequence[str] = (),
) -> tuple[str, ...]:
    """Fill `participant_id` in place if the source has no such column, and return notes about it.

    `named`: whether each of `sheets` has a participant column. `hints`: sentences that are added to a refusal. Raises
    `DataRefused` if rows cannot be assigned to participants.
    """
    dated = bool(frame["date"].notna().any())
    if all(named) or "participant_id" in (mapping.constants if mapping else {}):
        return () if dated else ("No dates: rows have no history, and the horizon is 0 (the same day).",)
    if any(named):
        unnamed = sheets[list(named).index(False)].file
        raise DataRefused(f"{unnamed} has no participant column, but other files of the delivery do. Add it.")
    if not dated:
        frame["participant_id"] = [f"row-{number:06d}" for number in range(1, len(frame) + 1)]
        return ("A flat table (no participant, no date): each row is its own participant, and the horizon is 0.",)
    if len(sheets) > 1:
        raise DataRefused(
            f"{len(sheets)} files have no participant column, for example {sheets[0].file}. If each file is one "
            "participant, write {columns: {participant_id: {from: file_name}}, match_names: true}. If all files are of "
            "the same participant, write {constants: {participant_id: me}, match_names: true}."
        )
    _refuse_repeated_days(frame["date"].dropna(), sheets[0], hints)
    frame["participant_id"] = ONE_PERSON
    return (f"No participant column and no repeated date: read as one person's diary ('{ONE_PERSON}').",)


def lookalikes(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return a note on participants whose names differ only in case, spaces or leading zeros.

    A participant with two names could be in both the training and the test data.
    """
    spellings: dict[str, list[str]] = {}
    for name in frame["participant_id"].dropna().unique():
        spellings.setdefault(normal("".join(name.split())), []).append(name)
    alike = [names for names in spellings.values() if len(names) > 1]
    if not alike:
        return ()
    return (
        f"{len(alike)} participants may be one person in several spellings (upper case, spaces, leading zeros), and "
        "are kept apart. If they are the same, use one spelling.",
    )


def _refuse_repeated_days(days: pd.Series, sheet: Sheet, hints: Sequence[str]) -> None:
    if days.duplicated().any():
        raise DataRefused(
            f"{sheet.file} has several rows for the same day and no participant column among "
            f"{header_of(sheet)}. Map it: {mapping_line('participant_id', '<column>')}"
            f"{''.join(f' {hint}' for hint in hints)}"
        )
