"""Notes on a delivery: which mapping was applied, and which columns were not read.

Not here: notes on single columns (`sources.read_columns`).
"""

from collections.abc import Sequence

import pandas as pd

from migraine_assets.sources.columns.binding import listed
from migraine_assets.sources.columns.mapping import SourceMapping
from migraine_assets.sources.known_formats import KnownFormat
from migraine_assets.sources.part import Part


def delivery_notes(parts: Sequence[Part], mapping: SourceMapping | None, known: KnownFormat | None) -> tuple[str, ...]:
    """Return the notes on all files; `known` is the format whose built-in mapping was applied."""
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


def superseded_note(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the note on rows that a later file supersedes, if there are any."""
    count = int(frame["superseded"].notna().sum())
    return (
        (f"{count} rows are superseded by a later file of the delivery; files are ordered by name.",) if count else ()
    )
