"""Kept diaries: changes read from JSON, and kept days as a case for prediction.

Not here: the database (`migraine_assets.stores.diaries`), bodies of `/predict` (`serving.input.cases`).
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np

from migraine_assets.core.features.engine import LOOK_BACK
from migraine_assets.stores.diaries.day import Value, Values
from migraine_assets.stores.diaries.diaries import EPOCH, KeptDay
from serving.contract.problems import invalid
from serving.contract.requests import PARTICIPANT, PARTICIPANT_ACCEPTED, RequestSchema
from serving.contract.responses import Interpreted
from serving.input.aliases import read_renamed
from serving.input.cases import EARLIEST, Case, check_outcomes, latest_day

# Number of days that features may use: today and the days of the look-back.
NEEDED_DAYS = LOOK_BACK + 1
_PARTICIPANT = re.compile(PARTICIPANT.removeprefix("^").removesuffix("$"))

Changes = dict[str, Value | bool | None]


def read_change(body: bytes, kind: Any, schema: RequestSchema) -> tuple[Changes, tuple[Interpreted, ...]]:
    """Return the fields in `body`, a `DayChange` or `ProfileChange` of `schema`, with None for null, and the used
    aliases.
    """
    change, interpreted = read_renamed(body, kind, schema)
    fields = zip(kind.__struct_fields__, msgspec.structs.astuple(change), strict=True)
    return {name: value for name, value in fields if value is not msgspec.UNSET}, interpreted


def read_day(text: str, *, now: dt.datetime) -> int:
    """Return the day in a path or a query as days since 1970-01-01. Raises `Refused` if no diary can have it."""
    try:
        date = dt.date.fromisoformat(text) if len(text) == len("2025-03-01") else None
    except ValueError:
        date = None
    if date is None:
        raise invalid("$.date", "is not a calendar date", "a date as YYYY-MM-DD, not in the future")
    if date < EARLIEST:
        raise invalid("$.date", "is too long ago", f"days from {EARLIEST}")
    if date > (latest := latest_day(now)):
        raise invalid("$.date", "is in the future", f"days up to {latest}")
    return date.toordinal() - EPOCH


def read_participant(text: str) -> str:
    """Return the participant in a path. Raises `Refused` if the form is not accepted; the error does not repeat the
    value.
    """
    if not _PARTICIPANT.fullmatch(text):
        raise invalid("$.participant_id", "does not have the accepted form", PARTICIPANT_ACCEPTED)
    return text


def check_day(values: Mapping[str, Value], schema: RequestSchema) -> None:
    """Raise `Refused` if the values of one day contradict each other, by the same rules as for bodies of `/predict`."""
    day = KeptDay(0, dict(values))
    check_outcomes(_columns([day], {}, schema), [_Attributes(day.values)], "$", schema)


def kept_case(
    participant: str,
    days: Sequence[KeptDay],
    profile: Values,
    *,
    explain: bool,
    schema: RequestSchema,
    span: int = LOOK_BACK,
) -> Case:
    """Return the case for `days`, oldest first and at least one; the last one is "today".

    `span`: the number of calendar days before it that are used.
    Fields that the contract no longer has are left out. The profile fills in days without its values.
    """
    recent = days[-1].day - span
    days = days if days[0].day >= recent else [day for day in days if day.day >= recent]
    values = _columns(days, profile, schema)
    return Case(
        participant=participant,
        day=np.array([day.day for day in days], dtype=np.int64),
        values=values,
        has_values=(values == values).any(axis=1),
        explain=explain,
        key=participant.encode(),
    )


def day_content(day: KeptDay) -> dict[str, Any]:
    """Return one day as an object for JSON."""
    return {"date": iso_date(day.day), **day.values}


def iso_date(day: int) -> str:
    """Return a day since 1970-01-01 in ISO 8601."""
    return dt.date.fromordinal(day + EPOCH).isoformat()


def _columns(days: Sequence[KeptDay], profile: Values, schema: RequestSchema) -> "np.ndarray[Any, Any]":
    """Return float64[columns, n] in the order of `schema.columns`, NaN for unknown values."""
    values = np.full((len(schema.columns), len(days)), np.nan)
    # Days of one app have the same fields, so that they are copied a field at a time.
    by_names: dict[tuple[str, ...], list[int]] = {}
    for position, day in enumerate(days):
        by_names.setdefault(tuple(day.values), []).append(position)
    for names, positions in by_names.items():
        columns = [day.values for day in days] if len(positions) == len(days) else [days[k].values for k in positions]
        where = slice(None) if len(positions) == len(days) else positions
        for name in names:
            _put(values, where, name, [column[name] for column in columns], schema)
        for name in profile.keys() - names:
            _put(values, where, name, [profile[name]] * len(positions), schema)
    return values


def _put(values: Any, where: Any, name: str, column: list[Value], schema: RequestSchema) -> None:
    """Write `column` of the field `name`; nothing if the contract does not have it, or has no number for it."""
    row, encoding = schema.of_field.get(name, (-1, None))
    if row >= 0:
        numbers = column if encoding is None else [encoding.get(value, np.nan) for value in column]  # type: ignore[arg-type]
        # Days that were kept when the field was a text have no number for it.
        with suppress(ValueError):
            values[row, where] = numbers


class _Attributes:
    """The values of a day as attributes, as in an entry of a request."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.migraine_type = values.get("migraine_type")
