"""The columns of a table of diary days as arrays, with the first error of each row.

Here belong types, bounds and contradictions, as `serving.contract.requests` and `serving.input.cases` check them for
JSON. Not here: files (`serving.input.arrow_files`), participants (`serving.input.arrow_participants`).
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, DURATION, LARGEST, SEVERITY, Field
from serving.contract.problems import invalid
from serving.contract.requests import DEFAULT, PARTICIPANT, PARTICIPANT_ACCEPTED, RequestSchema
from serving.input.cases import EARLIEST, latest_day
from serving.input.decoding import shown

_EPOCH = dt.date(1970, 1, 1).toordinal()
_NO_DAY = -(1 << 31)


@dataclass(frozen=True, eq=False)
class Columns:
    """A table of n days.

    `names`: each participant once. `who` int64[n]: the index of a row's name in them, -1 where it has none. `day`
    int64[n]: days since 1970-01-01. `dated`: whether the table has a column of dates. `values` float64[columns, n] in
    the order of `RequestSchema.columns`, NaN for null. `errors`: the first error of a row.
    """

    names: list[str]
    who: NDArray[np.int64]
    day: NDArray[np.int64]
    dated: bool
    values: NDArray[np.float64]
    schema: RequestSchema
    errors: dict[int, str] = field(default_factory=dict)

    def note(self, row: int, text: str) -> None:
        """Note the error of `row`, unless it has one already."""
        self.errors.setdefault(row, text)

    def values_of(self, field: str) -> NDArray[np.float64]:
        """The values of the contract field, a view."""
        values: NDArray[np.float64] = self.values[self.schema.index[self.schema.contract.by_name[field].column]]
        return values


def columns_of(table: Any, *, now: dt.datetime, schema: RequestSchema = DEFAULT) -> Columns:
    """The columns of `table`. Raises `Refused` (422) for a column that is unknown, duplicated or of a wrong type."""
    known = schema.contract.names()
    for name in table.column_names:
        if name not in known or table.column_names.count(name) > 1:
            raise invalid(f"$.{shown(name)}", "is not a diary column, or occurs twice", ", ".join(known))
    names, who = _participants(table, schema)
    values = np.full((len(schema.columns), table.num_rows), np.nan)
    columns = Columns(names, who, _days(table, now, schema), "date" in table.column_names, values, schema)
    for name in table.column_names:
        if name in schema.numeric:
            columns.values_of(name)[:] = _numbers(table, name, schema)
            _check_bounds(schema.contract.by_name[name], columns)
        elif name in schema.categories:
            codes = _codes(table, name, columns)
            if name in schema.encodings:
                columns.values_of(name)[:] = codes
    _check_outcomes(columns)
    if "participant_id" in table.column_names:
        for row in np.flatnonzero(who < 0).tolist():
            columns.note(row, f"participant_id does not have the accepted form: {PARTICIPANT_ACCEPTED}.")
    _check_days(columns, now)
    return columns


def _numbers(table: Any, name: str, schema: RequestSchema) -> NDArray[np.float64]:
    import pyarrow as pa

    column, kind = table.column(name), table.schema.field(name).type
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if not (plain or pa.types.is_decimal(kind) or pa.types.is_null(kind)):
        raise invalid(f"$.{name}", "is not a column of numbers", schema.accepted(name))
    numbers = column.cast(pa.float64(), safe=False) if not pa.types.is_boolean(kind) else column.cast(pa.uint8())
    return np.asarray(numbers.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.float64)


def _words(table: Any, name: str, schema: RequestSchema) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct strings of a column, and the index of each row's string in them, int64[n]; -1 for null."""
    import pyarrow as pa

    kind = table.schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise invalid(f"$.{name}", "is not a column of strings", schema.accepted(name))
    coded = table.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
    codes: NDArray[np.int64] = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return list(coded.dictionary.to_pylist()), codes


def _participants(table: Any, schema: RequestSchema) -> tuple[list[str], NDArray[np.int64]]:
    """`names` and `who` of `Columns`. A name that does not have the accepted form counts as missing."""
    if "participant_id" not in table.column_names:
        return [], np.full(table.num_rows, -1, dtype=np.int64)
    names, who = _words(table, "participant_id", schema)
    allowed = re.compile(PARTICIPANT[1:-1])
    if wrong := [code for code, name in enumerate(names) if not allowed.fullmatch(name)]:
        who[np.isin(who, wrong)] = -1
    return names, who


def _codes(table: Any, name: str, columns: Columns) -> NDArray[np.float64]:
    schema = columns.schema
    words, codes = _words(table, name, schema)
    accepted, numbers = schema.contract.by_name[name].categories, schema.encodings.get(name, {})
    if wrong := [code for code, word in enumerate(words) if word not in accepted]:
        for row in np.flatnonzero(np.isin(codes, wrong)).tolist():
            columns.note(row, f"{name} is not one of the accepted values. Accepted: {schema.accepted(name)}.")
    # The last element is for -1, a null.
    encoded: NDArray[np.float64] = np.array([*(numbers.get(word, np.nan) for word in words), np.nan])[codes]
    return encoded


def _days(table: Any, now: dt.datetime, schema: RequestSchema) -> NDArray[np.int64]:
    """The day of each row, int64[n]; an impossible day where it is null."""
    import pyarrow as pa

    if "date" not in table.column_names:
        return np.full(table.num_rows, now.date().toordinal() - _EPOCH, dtype=np.int64)
    try:
        column = table.column("date").cast(pa.date32()).combine_chunks()
    except (pa.ArrowException, ValueError):
        raise invalid("$.date", "is not a column of dates", schema.accepted("date")) from None
    day: NDArray[np.int64] = column.cast(pa.int32()).fill_null(_NO_DAY).to_numpy(zero_copy_only=False).astype(np.int64)
    return day


def _check_days(columns: Columns, now: dt.datetime) -> None:
    low, high = EARLIEST.toordinal() - _EPOCH, latest_day(now).toordinal() - _EPOCH
    for row in np.flatnonzero((columns.day < low) | (columns.day > high)).tolist():
        text = f"date is missing, before {EARLIEST} or in the future. Accepted: {columns.schema.accepted('date')}."
        columns.note(row, text)


def _check_bounds(field: Field, columns: Columns) -> None:
    values = columns.values_of(field.name)
    low = -LARGEST if field.low is None else field.low
    high = LARGEST if field.high is None else field.high
    wrong = (values < low) | (values > high)
    if field.kind == "flag":
        wrong |= (values != 0) & (values != 1) & (values == values)
    for row in np.flatnonzero(wrong).tolist():
        columns.note(row, f"{field.name} is out of bounds. Accepted: {columns.schema.accepted(field.name)}.")


def _check_outcomes(columns: Columns) -> None:
    for name in (SEVERITY, DURATION):
        wrong = (columns.values_of(name) > 0) & (columns.values_of(ATTACK) != 1)
        for row in np.flatnonzero(wrong).tolist():
            columns.note(row, f"{name} contradicts {ATTACK}: no attack is reported for that day.")
