"""Side tables joined to the days of a diary, by participant and date, or by one of them.

Values of the diary take precedence. Rows without a match and differing values are counted in notes. Not here: the
choice of side tables among the files (`sources.side_files`), their formats (`sources.importers.formats`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import Contract
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.mapping import EVERYBODY
from migraine_assets.sources.entries import merge_entries, stated_rules
from migraine_assets.sources.files.delivery import JoinedField, JoinedTable, ReadColumn
from migraine_assets.sources.raw_frame import part_frame
from migraine_assets.sources.read_columns import reading_notes, settle_units
from migraine_assets.sources.side_files import Side
from migraine_assets.sources.styles import decide_styles

_PERSON, _DATE = "participant_id", "date"
# Differences up to this share of a value are attributed to rounding.
_ROUNDING = 0.005


@dataclass(frozen=True)
class Joined:
    """The frame of the diary with the values of the side tables, the columns that were read, the joins, and the notes.

    `participants`: those of the side tables, who need not be in the diary.
    """

    frame: pd.DataFrame
    columns: tuple[ReadColumn, ...] = ()
    notes: tuple[str, ...] = ()
    participants: frozenset[str] = frozenset()
    tables: tuple[JoinedTable, ...] = ()


def join_sides(frame: pd.DataFrame, sides: Sequence[Side], contract: Contract) -> Joined:
    """Fill the raw `frame` of a diary with the values of `sides`, one after the other.

    Raises `DataRefused` if the participant of the values is unknown, or if days have several values.
    """
    joined = Joined(frame)
    for group in _groups(sides):
        added = _join(joined.frame, group, contract)
        joined = Joined(
            added.frame,
            (*joined.columns, *added.columns),
            (*joined.notes, *added.notes),
            joined.participants | added.participants,
            (*joined.tables, *added.tables),
        )
    return joined


def _groups(sides: Sequence[Side]) -> list[list[Side]]:
    """Group the files that form one table together, such as the monthly files of an export."""
    groups: dict[object, list[Side]] = {}
    for side in sides:
        names = frozenset(column.field.name for column, _ in side.part.binding.columns)
        groups.setdefault((side.what, id(side.join), names), []).append(side)
    return list(groups.values())


def _join(frame: pd.DataFrame, sides: Sequence[Side], contract: Contract) -> Joined:
    first = sides[0]
    what = first.part.sheet.file
    what += f" and {len(sides) - 1} more files" if len(sides) > 1 else ""
    what += f" ({first.what})" if first.what else ""
    table, columns, notes = _table(sides, contract)
    people = frozenset(table[_PERSON].dropna())
    fields = [column.field for column in columns if column.field not in (_PERSON, _DATE)]
    keys = [name for name in (_PERSON, _DATE) if table[name].notna().any()]
    notes = (*notes, *(note for side in sides for note in side.notes(contract)))
    if not keys:
        raise DataRefused(f"{what} has neither a date nor a participant, so it cannot be joined. Map one of them.")
    if not fields:
        return Joined(frame, (), (*notes, f"{what} has no field of the diary and was not joined."), people)
    usable = table[keys].notna().all(axis=1) & table["unreadable"].isna()
    if unusable := int((~usable).sum()):
        notes = (*notes, f"{what}: {unusable} rows have no usable {' or '.join(keys)} and were not joined.")
    table, several = _one_row_each(table[usable], keys, fields, first, what)
    rows, whom = _described(frame, keys, first, what)
    position = _positions(frame, table, keys, rows)
    join = JoinedTable(
        files=tuple(side.part.sheet.file for side in sides),
        format=first.what,
        keys=tuple(keys),
        joined=int((position >= 0).sum()),
        days=int(rows.sum()),
        rows=len(table),
        unmatched=len(table) - len(np.unique(position[position >= 0])),
    )
    notes = (*notes, *several, _coverage(join, what, whom))
    if not join.joined and first.join is not None:
        raise DataRefused(f"{notes[-1]} Check its dates and participants.")
    filled, joined_fields, unreadable = _filled(frame, table, fields, position, what)
    notes = (*notes, *(_field_note(joined, what) for joined in joined_fields), *unreadable)
    return Joined(filled, columns, notes, people, (replace(join, fields=joined_fields),))


def _table(sides: Sequence[Side], contract: Contract) -> tuple[pd.DataFrame, tuple[ReadColumn, ...], tuple[str, ...]]:
    """Return the raw frame of all files, converted like that of a diary, with its columns and notes."""
    parts, mapping = [side.part for side in sides], sides[0].mapping
    styles = decide_styles(parts, mapping)
    read = [part_frame(part, mapping, style, contract) for part, style in zip(parts, styles.by_part, strict=True)]
    table = pd.concat([rows for rows, _ in read], ignore_index=True)
    file = np.repeat(np.arange(len(parts)), [len(part.sheet.lines) for part in parts])
    columns, guesses = settle_units(table, file, [columns for _, columns in read], contract)
    notes = (*styles.dates.notes, *reading_notes(column for _, columns in read for column in columns), *guesses)
    if mapping.entries:
        rules = stated_rules([(column.field.name, column.entries) for column in mapping.columns])
        table, _, note = merge_entries(table, rules, contract)
        notes = (*notes, f"{sides[0].part.sheet.file}: {note}")
    constants = [ReadColumn(name, "(constant)", parts[0].sheet.file) for name in mapping.constants]
    return table, (*columns, *constants), notes


def _one_row_each(
    table: pd.DataFrame, keys: list[str], fields: list[str], side: Side, what: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table with one row for each key. Rows of a later file supersede those of an earlier one."""
    distinct = table.drop_duplicates([*keys, *fields])
    notes: list[str] = []
    if repeated := len(table) - len(distinct):
        notes.append(f"{what}: {repeated} rows are repeated.")
    inside = distinct.duplicated([*keys, "source_file"], keep=False)
    if inside.any():
        days = len(distinct.loc[inside, keys].drop_duplicates())
        pattern = side.join.file if side.join else side.part.sheet.file
        raise DataRefused(
            f"{what}: {days} of its {'days' if _DATE in keys else 'participants'} have several rows that differ. If "
            f"they are entries of one day, state 'entries: day' beside 'file: {pattern}' under 'join'."
        )
    newest = distinct.drop_duplicates(keys, keep="last")
    if superseded := len(distinct) - len(newest):
        notes.append(f"{what}: {superseded} rows are superseded by a later file; files are ordered by name.")
    return newest.reset_index(drop=True), tuple(notes)


def _described(frame: pd.DataFrame, keys: list[str], side: Side, what: str) -> tuple[NDArray[np.bool_], str]:
    """Return a mask of the diary rows to which the table may apply, and a description of their participants."""
    people = frame[_PERSON].dropna().unique().tolist()
    stated = side.join.participants if side.join else ()
    if _PERSON in keys and not stated:
        return np.ones(len(frame), np.bool_), ""
    if _PERSON in keys:
        raise ConfigurationError(f"{what} has participants of its own. Remove 'participants' under 'join'.")
    if stated and stated != (EVERYBODY,):
        # Errors and notes are kept in Dagster's event log: they name no participant.
        if unknown := set(stated) - set(people):
            raise ConfigurationError(
                f"'participants' of 'file: {side.join.file if side.join else what}' under 'join' has {len(unknown)} "
                "names that are not in the diary. Write them as in the diary."
            )
        return frame[_PERSON].isin(stated).to_numpy(), f" of {len(stated):,} of {len(people):,} participants"
    if len(people) > 1 and not stated and not side.of_place:
        remedy = (
            f"State 'participants: [<participant>]' (or all) beside 'file: {side.join.file}' under 'join'."
            if side.join
            else "State its participants in a mapping: "
            f"{{match_names: true, join: [{{file: {side.part.sheet.file}, participants: [<participant>]}}]}}"
        )
        raise DataRefused(f"{what} has no participant, and the diary has {len(people)}. {remedy}")
    whose = f" of all {len(people)} participants" if len(people) > 1 else ""
    return np.ones(len(frame), np.bool_), whose


def _positions(frame: pd.DataFrame, table: pd.DataFrame, keys: list[str], rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the index of the table row with the same key for each row of the diary; -1 if there is none."""
    index = pd.MultiIndex.from_frame(table[keys]) if len(keys) > 1 else pd.Index(table[keys[0]])
    wanted = pd.MultiIndex.from_frame(frame[keys]) if len(keys) > 1 else pd.Index(frame[keys[0]])
    position = index.get_indexer(wanted).astype(np.int64)
    position[~rows | frame[keys].isna().any(axis=1).to_numpy()] = -1
    return position


def _coverage(join: JoinedTable, what: str, whom: str) -> str:
    unit = "days" if _DATE in join.keys else "participants"
    return (
        f"{what} was joined by {' and '.join(join.keys)} to {join.joined:,} of {join.days:,} days{whom}; "
        f"{join.unmatched:,} of its {join.rows:,} {unit} are not in the diary."
    )


def _filled(
    frame: pd.DataFrame, table: pd.DataFrame, fields: list[str], position: NDArray[np.int64], what: str
) -> tuple[pd.DataFrame, tuple[JoinedField, ...], tuple[str, ...]]:
    """Return the frame with nulls of the diary replaced by values of the table, each field, and notes on cells."""
    frame, joined_fields = frame.copy(deep=False), []
    for field in fields:
        own = frame[field]
        joined = pd.Series(table[field].to_numpy()[position], index=frame.index).where(position >= 0)
        added = own.isna() & joined.notna()
        both = (own.notna() & joined.notna()).to_numpy()
        frame[field] = own.where(~added, joined.astype(own.dtype))
        differs = _differences(own[both], joined[both])
        mean = float(differs.mean()) if len(differs) and not np.isnan(differs).any() else None
        joined_fields.append(JoinedField(field, int(added.sum()), int(both.sum()) - len(differs), len(differs), mean))
    return frame, tuple(joined_fields), _unreadable(frame, table, fields, position, what)


def _differences(own: pd.Series, joined: pd.Series) -> NDArray[np.float64]:
    """Return the absolute differences of unequal values; NaN for texts."""
    if own.dtype == object:
        return np.full(int((own != joined).sum()), np.nan)
    ours, theirs = own.to_numpy(np.float64), joined.to_numpy(np.float64)
    apart = np.abs(ours - theirs)
    return np.asarray(apart[apart > _ROUNDING * np.maximum(np.abs(ours), np.abs(theirs))])


def _field_note(joined: JoinedField, what: str) -> str:
    both = joined.same + joined.different
    text = f"{joined.field}: {joined.added:,} values are from {what}."
    if not both:
        return text
    if not joined.different:
        return f"{text} On {both:,} days, the diary has the same value."
    mean = "" if joined.mean_difference is None else f" (by {joined.mean_difference:.3g} on average)"
    return f"{text} On {joined.different:,} of {both:,} days, the diary has a different value{mean}, which was kept."


def _unreadable(
    frame: pd.DataFrame, table: pd.DataFrame, fields: list[str], position: NDArray[np.int64], what: str
) -> tuple[str, ...]:
    """Move the messages on unreadable cells of the table to the rows of the diary, so that the report counts them."""
    lost = table["nulled"].notna().to_numpy()
    if not lost.any():
        return ()
    hit = np.flatnonzero((position >= 0) & lost[position])
    texts = frame["nulled"].to_numpy(copy=True)
    empty = {field: frame[field].isna().to_numpy() for field in fields}
    for row in hit:
        lines = [line for line in str(table["nulled"].iat[int(position[row])]).split("\n")
                 if (field := line.partition("=")[0]) in empty and empty[field][row]]  # fmt: skip
        texts[row] = "\n".join([*([texts[row]] if texts[row] else []), *lines]) or None
    frame["nulled"] = texts
    return (f"{what}: {int(lost.sum())} rows have cells that cannot be read.",)


def with_columns(columns: Sequence[ReadColumn], joined: Joined) -> tuple[ReadColumn, ...]:
    """Return the columns of the diary and the joined columns, without the keys of the latter."""
    return (*columns, *(replace(column) for column in joined.columns if column.field not in (_PERSON, _DATE)))
