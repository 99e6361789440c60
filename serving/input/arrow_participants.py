"""Participants of a table: the rows of each history, the rows to predict from, and the rows with an error.

A row is one participant and day. With `participant_id` and `date`, the rows of a participant are its history, in any
order. The newest day is predicted from, or on request every day as if it were the newest. Without either column each
row is a participant of its own without history. A row with an error gives its participant an error.

Not here: reading tables (`serving.input.table_reader`), checking columns (`serving.input.arrow_columns`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.prediction.histories import Histories
from serving.input.arrow_columns import Columns

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TableParticipants:
    """The participants of a table with n answers.

    `names`: one for each answer. `errors`: by position among the answers. `histories`: of the answers without an error.
    """

    names: list[str | None]
    errors: Mapping[int, str]
    histories: Histories


@dataclass(frozen=True, eq=False)
class SortedRows:
    """The rows of a table sorted by person and day.

    `order` intp[n]: their index in the table; `person` int64[n]: the index of the person's first row in the table;
    `day` int64[n]; `newest` bool[n]: whether it is the person's newest day.
    """

    order: Rows
    person: NDArray[np.int64]
    day: NDArray[np.int64]
    newest: NDArray[np.bool_]


def participants_of(columns: Columns, *, every_row: bool) -> TableParticipants:
    """Return the participants in `columns`, and complete the errors of `columns`. Answers follow the order of the
    table.
    """
    rows = sorted_rows(columns)
    answered = np.arange(len(rows.order)) if every_row else np.flatnonzero(rows.newest)
    answered = answered[np.argsort(rows.order[answered] if every_row else rows.person[answered], kind="stable")]
    errors = _errors_of(rows, answered, columns.errors)
    accepted = np.delete(answered, list(errors)) if errors else answered
    names = _names(columns, rows.order[answered])
    return TableParticipants(
        names=names,
        errors=errors,
        histories=_histories(columns, rows, accepted, _names(columns, rows.order[accepted]) if errors else names),
    )


def take(values: Floats, indices: Rows) -> Floats:
    """Return `values[:, indices]`, without a copy if that is all of them in order."""
    unchanged = indices.size == values.shape[1] and bool((indices == np.arange(indices.size)).all())
    return values if unchanged else values[:, indices]


def sorted_rows(columns: Columns) -> SortedRows:
    """Sort the rows by person and day. A repeated day of a person is added to the errors of `columns`."""
    who, day, indices = columns.who, columns.day, np.arange(len(columns.who))
    if not columns.dated or (who < 0).all():
        return SortedRows(indices, indices.astype(np.int64), day, np.ones(len(who), dtype=np.bool_))
    first, named = np.zeros(len(columns.names), dtype=np.int64), np.flatnonzero(who >= 0)[::-1]
    first[who[named]] = named  # of several values assigned to one index NumPy keeps the last
    # A row without a name is a person of its own.
    person = np.where(who < 0, indices, first[who])
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    same = person[1:] == person[:-1]
    twice = np.zeros(len(who), dtype=np.bool_)
    twice[order[1:][same & (day[1:] == day[:-1])]] = True
    columns.note(twice, "date occurs twice for this participant. Accepted: each day once.")
    return SortedRows(order, person, day, np.append(~same, True))


def _histories(columns: Columns, rows: SortedRows, targets: Rows, names: list[str | None]) -> Histories:
    """Return the histories that contain `targets`, indices of sorted rows."""
    person, day, values = rows.person, rows.day, take(columns.values, rows.order)
    has_target = np.zeros(len(person), dtype=np.bool_)
    has_target[person[targets]] = True
    if not has_target[person].all():
        kept = np.flatnonzero(has_target[person])
        person, day, values, targets = person[kept], day[kept], values[:, kept], np.searchsorted(kept, targets)
    has_values = np.asarray(~np.isnan(values).all(axis=1))
    return Histories(names, lambda: _keys(names, values, targets), person, day, values, has_values, targets)


def _names(columns: Columns, indices: Rows) -> list[str | None]:
    """Return the names of the rows `indices` of the table."""
    # The last element is for -1, a row without a name.
    return list(np.array([*columns.names, None], dtype=object)[columns.who[indices]])


def _keys(names: list[str | None], values: Floats, targets: Rows) -> list[bytes]:
    """Return the key that keeps each participant in one arm of a rollout: the name, or else the values of the day."""
    return [
        name.encode() if name else values[:, row].tobytes() for name, row in zip(names, targets.tolist(), strict=True)
    ]


def _errors_of(rows: SortedRows, answered: Rows, errors: Mapping[int, str]) -> dict[int, str]:
    """Return the first error among the rows of each person, by its position in `answered`."""
    if not errors:
        return {}
    wrong = np.zeros(len(rows.order), dtype=np.bool_)
    wrong[list(errors)] = True
    by_person: dict[int, str] = {}
    for index in np.flatnonzero(wrong[rows.order]).tolist():
        by_person.setdefault(int(rows.person[index]), errors[int(rows.order[index])])
    concerned = np.flatnonzero(np.isin(rows.person[answered], list(by_person)))
    return {position: by_person[int(rows.person[answered[position]])] for position in concerned.tolist()}
