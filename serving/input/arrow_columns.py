"""The columns of a table of diary days as arrays, with the first error of each row.

Here belong bounds and contradictions, as `serving.contract.requests` and `serving.input.cases` check them for JSON. Not
here: files and types (`serving.input.table_reader`), participants (`serving.input.arrow_participants`).
"""

import datetime as dt
import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, DURATION, LARGEST, SEVERITY, Field
from serving.contract.requests import DEFAULT, PARTICIPANT, PARTICIPANT_ACCEPTED, RequestSchema
from serving.input.cases import EARLIEST, latest_day
from serving.input.table_request import DecodedTable

_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, eq=False)
class Columns:
    """A table of n days, and the errors in it.

    `names`: each participant once. `who` int64[n]: the index of a row's name in them, -1 where it has none. `day`
    int64[n]: days since 1970-01-01. `dated`: whether the table has a column of dates. `values` float64[columns, n] in
    the order of `RequestSchema.columns`, NaN for null.
    """

    names: list[str]
    who: NDArray[np.int64]
    day: NDArray[np.int64]
    dated: bool
    values: NDArray[np.float64]
    schema: RequestSchema
    # The texts of errors, and for each row with an error the index of its text plus one; 0 for the others.
    _texts: list[str] = field(default_factory=list)
    _first: NDArray[np.int16] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_first", np.zeros(len(self.who), dtype=np.int16))

    def note(self, wrong: NDArray[np.bool_], text: str) -> None:
        """Note an error of the rows that are `wrong`, bool[n]. The first error of a row counts."""
        if wrong.any():
            self._texts.append(text)
            self._first[wrong & (self._first == 0)] = len(self._texts)

    @property
    def errors(self) -> dict[int, str]:
        """The first error of each row that has one."""
        rows = np.flatnonzero(self._first)
        return {row: self._texts[text - 1] for row, text in zip(rows.tolist(), self._first[rows].tolist(), strict=True)}

    def values_of(self, field: str) -> NDArray[np.float64]:
        """Return the values of the contract field, a view."""
        values: NDArray[np.float64] = self.values[self.schema.index[self.schema.contract.by_name[field].column]]
        return values


def columns_of(table: DecodedTable, *, now: dt.datetime, schema: RequestSchema = DEFAULT) -> Columns:
    """Return the checked columns of `table`, whose values are taken over without a copy."""
    names, who = _participants(table)
    day = np.full(table.rows, now.date().toordinal() - _EPOCH) if table.day is None else table.day.astype(np.int64)
    columns = Columns(names, who, day, table.day is not None, table.values, schema)
    for name in table.columns:
        if name in schema.numeric:
            _check_bounds(schema.contract.by_name[name], columns)
        elif name in schema.categories:
            codes = _codes(table, name, columns)
            if name in schema.encodings:
                columns.values_of(name)[:] = codes
    _check_outcomes(columns)
    if "participant_id" in table.columns:
        columns.note(who < 0, f"participant_id does not have the accepted form: {PARTICIPANT_ACCEPTED}.")
    _check_days(columns, now)
    return columns


def _participants(table: DecodedTable) -> tuple[list[str], NDArray[np.int64]]:
    """Return `names` and `who` of `Columns`. A name that does not have the accepted form counts as missing."""
    if "participant_id" not in table.words:
        return [], np.full(table.rows, -1, dtype=np.int64)
    names, codes = table.words["participant_id"]
    who, allowed = codes.astype(np.int64), re.compile(PARTICIPANT[1:-1])
    if wrong := [code for code, name in enumerate(names) if not allowed.fullmatch(name)]:
        who[np.isin(who, wrong)] = -1
    return names, who


def _codes(table: DecodedTable, name: str, columns: Columns) -> NDArray[np.float64]:
    schema = columns.schema
    words, codes = table.words[name]
    accepted, numbers = schema.contract.by_name[name].categories, schema.encodings.get(name, {})
    if wrong := [code for code, word in enumerate(words) if word not in accepted]:
        text = f"{name} is not one of the accepted values. Accepted: {schema.accepted(name)}."
        columns.note(np.isin(codes, wrong), text)
    # The last element is for -1, a null.
    encoded: NDArray[np.float64] = np.array([*(numbers.get(word, np.nan) for word in words), np.nan])[codes]
    return encoded


def _check_days(columns: Columns, now: dt.datetime) -> None:
    low, high = EARLIEST.toordinal() - _EPOCH, latest_day(now).toordinal() - _EPOCH
    text = f"date is missing, before {EARLIEST} or in the future. Accepted: {columns.schema.accepted('date')}."
    columns.note((columns.day < low) | (columns.day > high), text)


def _check_bounds(field: Field, columns: Columns) -> None:
    values = columns.values_of(field.name)
    low = -LARGEST if field.low is None else field.low
    high = LARGEST if field.high is None else field.high
    wrong = (values < low) | (values > high)
    if field.kind == "flag":
        wrong |= (values != 0) & (values != 1) & (values == values)
    columns.note(wrong, f"{field.name} is out of bounds. Accepted: {columns.schema.accepted(field.name)}.")


def _check_outcomes(columns: Columns) -> None:
    for name in (SEVERITY, DURATION):
        wrong = (columns.values_of(name) > 0) & (columns.values_of(ATTACK) != 1)
        columns.note(wrong, f"{name} contradicts {ATTACK}: no attack is reported for that day.")
