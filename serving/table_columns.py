"""The columns of a table of diary days as arrays, with what is wrong in each row.

Here belong types, bounds and contradictions, as for JSON in `schema` and `cases`. Not here: files (`table_files`),
people and answers (`tables`).
"""

import datetime as dt
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import contract
from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.core.diary import ENCODINGS, LARGEST
from serving import schema
from serving.cases import EARLIEST, latest_day
from serving.columns import DURATION, ORDER, PLACE
from serving.decoding import shown
from serving.problems import invalid

_EPOCH = dt.date(1970, 1, 1).toordinal()


def columns_of(
    table: Any, *, now: dt.datetime
) -> tuple[list[str | None], NDArray[np.int64], NDArray[np.float64], list[str | None]]:
    """Names, days, values float64[columns, n] and the first error of each row (None where there is none)."""
    rows, names = table.num_rows, table.column_names
    for name in names:
        if name not in contract.NAMES or names.count(name) > 1:
            raise invalid(f"$.{shown(name)}", "is not a column of a diary, or twice", ", ".join(contract.NAMES))
    errors: list[str | None] = [None] * rows
    values = np.full((len(ORDER), rows), np.nan)
    for name in names:
        if name in schema.NUMERIC:
            values[PLACE[name]] = _numbers(table, name)
            _check_bounds(contract.BY_NAME[name], values[PLACE[name]], errors)
        elif name in schema.CATEGORIES:
            values[PLACE[ENCODINGS[name].column]] = _codes(table, name, errors)
    _check_outcomes(values, errors)
    who = _texts(table, "participant_id") if "participant_id" in names else [None] * rows
    _check_names(who, errors, needed="participant_id" in names)
    return who, _days(table, errors, now), values, errors


def _numbers(table: Any, name: str) -> NDArray[np.float64]:
    import pyarrow as pa

    column, kind = table.column(name), table.schema.field(name).type
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if not (plain or pa.types.is_decimal(kind) or pa.types.is_null(kind)):
        raise invalid(f"$.{name}", "has a type that is not a number", schema.accepted(name))
    found = column.cast(pa.float64(), safe=False) if not pa.types.is_boolean(kind) else column.cast(pa.uint8())
    return np.asarray(found.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.float64)


def _texts(table: Any, name: str) -> list[Any]:
    import pyarrow as pa

    kind = table.schema.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise invalid(f"$.{name}", "has a type that is not text", schema.accepted(name))
    return list(table.column(name).cast(pa.string()).to_pylist())


def _codes(table: Any, name: str, errors: list[str | None]) -> NDArray[np.float64]:
    numbers, texts = ENCODINGS[name].numbers, _texts(table, name)
    if wrong := set(texts) - {None, *contract.BY_NAME[name].categories}:
        for row in [row for row, text in enumerate(texts) if text in wrong]:
            note(errors, row, f"{name} is none of the accepted values. Accepted: {schema.accepted(name)}.")
    codes = {text: numbers.get(text, np.nan) for text in set(texts)}
    return np.array([codes[text] for text in texts])


def _days(table: Any, errors: list[str | None], now: dt.datetime) -> NDArray[np.int64]:
    import pyarrow as pa

    if "date" not in table.column_names:
        return np.full(table.num_rows, now.date().toordinal() - _EPOCH, dtype=np.int64)
    try:
        column = table.column("date").cast(pa.date32()).combine_chunks()
    except (pa.ArrowException, ValueError):
        raise invalid("$.date", "is not a column of days", schema.accepted("date")) from None
    missing = column.is_null().to_numpy(zero_copy_only=False)
    day: NDArray[np.int64] = column.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    low, high = EARLIEST.toordinal() - _EPOCH, latest_day(now).toordinal() - _EPOCH
    for row in np.flatnonzero(missing | (day < low) | (day > high)).tolist():
        note(errors, row, f"date is missing, before {EARLIEST} or in the future. Accepted: {schema.accepted('date')}.")
    return day


def _check_bounds(field: contract.Field, values: NDArray[np.float64], errors: list[str | None]) -> None:
    low = -LARGEST if field.low is None else field.low
    high = LARGEST if field.high is None else field.high
    wrong = (values < low) | (values > high)
    if field.kind == "flag":
        wrong |= (values != 0) & (values != 1) & (values == values)
    for row in np.flatnonzero(wrong).tolist():
        note(errors, row, f"{field.name} is outside what is accepted: {schema.accepted(field.name)}.")


def _check_outcomes(values: NDArray[np.float64], errors: list[str | None]) -> None:
    for name in (SEVERITY, DURATION):
        wrong = (values[PLACE[name]] > 0) & (values[PLACE[ATTACK]] != 1)
        for row in np.flatnonzero(wrong).tolist():
            note(errors, row, f"{name} contradicts {ATTACK}: no attack is told of that day.")


def _check_names(who: list[str | None], errors: list[str | None], *, needed: bool) -> None:
    allowed = re.compile(schema.PARTICIPANT[1:-1])
    wrong = {name for name in set(who) if name is None or not allowed.fullmatch(name)} if needed else set()
    for row in [row for row, name in enumerate(who) if name in wrong] if wrong else ():
        note(errors, row, f"participant_id is not of the accepted form: {schema.PARTICIPANT_ACCEPTED}.")
        who[row] = None


def note(errors: list[str | None], row: int, text: str) -> None:
    errors[row] = errors[row] or text
