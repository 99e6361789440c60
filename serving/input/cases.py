"""From decoded JSON to arrays: the days of one participant, checked against each other and the calendar.

The rules between the values of a request (order and range of dates, contradicting outcomes) are those by which
validation quarantines training rows (`core.diary.rules`): the service does not predict from days that models do not
learn from. Not here: bounds of single values (`serving.contract.requests`), cleaning and features
(`migraine_assets.prediction.history_features`).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, DURATION, SEVERITY
from migraine_assets.core.features.engine import LOOK_BACK
from migraine_assets.prediction.histories import Histories
from serving.contract.problems import invalid
from serving.contract.requests import DEFAULT, PARTICIPANT_ACCEPTED, RequestSchema
from serving.contract.responses import Interpreted

Floats = NDArray[np.float64]

EARLIEST = dt.date(1980, 1, 1)
_EPOCH = dt.date(1970, 1, 1).toordinal()
# For this many days or more it is faster to skip columns without any value, because NumPy reads None slowly.
MANY = 64


class Case(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One participant to predict for.

    `day` int64[n]: days since 1970-01-01, ascending. `values` float64[columns, n] in the order of
    `RequestSchema.columns`. `has_values` bool[columns]: whether any day has a value in the column. `key`: the bytes
    that keep the participant in one arm of a rollout. `interpreted`: the aliases of the request.
    """

    participant: str | None
    day: NDArray[np.int64]
    values: Floats
    has_values: NDArray[np.bool_]
    explain: bool
    key: bytes
    interpreted: tuple[Interpreted, ...] = ()

    @property
    def last_day(self) -> dt.date:
        """The newest day, "today"."""
        return dt.date.fromordinal(int(self.day[-1]) + _EPOCH)


class Days(list[Case]):
    """Cases of one day each, and all of them together as `day` int64[n] and `values` float64[columns, n]."""

    def __init__(self, cases: Iterable[Case], day: NDArray[np.int64], values: Floats) -> None:
        super().__init__(cases)
        self.day, self.values = day, values


def latest_day(now: dt.datetime) -> dt.date:
    """Return the newest day that is not in the future anywhere on Earth (UTC+14)."""
    return (now + dt.timedelta(hours=14)).date()


def case_of(request: Any, *, now: dt.datetime, body: bytes = b"", schema: RequestSchema = DEFAULT) -> Case:
    """Return the case of a decoded `DiaryRequest`, `SheetRequest` or `DayRequest` of `schema`.

    Raises `Refused` (422) that names the field.

    `now`: UTC; a day without a date is the day of `now`. `body` identifies a request without a participant.
    """
    if type(request) is schema.DayRequest:
        days, prefix = [request], "$"
        dates = [request.date or now.date()]
    else:
        days, prefix = request.entries, "$.entries[{}]"
        dates = [entry.date for entry in days]
    day = _checked_dates(dates, prefix, latest=latest_day(now))
    values = _values(None if days[0] is request else request, days, schema)
    check_outcomes(values, days, prefix, schema)
    participant = checked_name(request.participant_id)
    return Case(
        participant=participant,
        day=day,
        values=values,
        has_values=(values == values).any(axis=1),
        explain=getattr(request, "explain", False),
        key=participant.encode() if participant else body,
    )


def checked_name(participant: str | None) -> str | None:
    """Return `participant`. Raises `Refused` if it ends with a line break, which its pattern does not reject."""
    if participant is not None and participant[-1] == "\n":
        raise invalid("$.participant_id", "does not have the accepted form", PARTICIPANT_ACCEPTED)
    return participant


def _checked_dates(dates: Sequence[dt.date], prefix: str, *, latest: dt.date) -> NDArray[np.int64]:
    day = np.array([date.toordinal() for date in dates], dtype=np.int64) - _EPOCH
    backwards = day[1:] <= day[:-1]
    if backwards.any():
        path = prefix.format(int(backwards.argmax()) + 1)
        raise invalid(f"{path}.date", "is not later than the day before it in the list", "each day once, oldest first")
    for position, date in ((0, dates[0]), (len(dates) - 1, dates[-1])):
        if date < EARLIEST:
            raise invalid(f"{prefix.format(position)}.date", "is too long ago", f"days from {EARLIEST}")
        if date > latest:
            raise invalid(f"{prefix.format(position)}.date", "is in the future", f"days up to {latest}")
    return day


def _values(request: Any, days: Sequence[Any], schema: RequestSchema) -> Floats:
    """Return float64[columns, n], NaN for null. A value stated once for the participant fills the days that lack it."""
    values = np.empty((len(schema.columns), len(days)))
    first, count = schema.first_number, len(schema.numeric)
    rows = [msgspec.structs.astuple(day)[first : first + count] for day in days]
    if len(rows) < MANY:
        values[:count] = np.array(rows, dtype=np.float64).T
    else:
        for row, column in enumerate(zip(*rows, strict=True)):
            values[row] = np.nan if column.count(None) == len(column) else column
    for row, (field, numbers) in enumerate(schema.encodings.items(), start=count):
        values[row] = [numbers.get(getattr(day, field), np.nan) for day in days]
    if request is not None:
        _fill(values, request, schema)
    return values


def _fill(values: Floats, request: Any, schema: RequestSchema) -> None:
    for name in schema.static:
        value, index = getattr(request, name), schema.index.get(schema.contract.by_name[name].column)
        if value is not None and index is not None:
            encoding = schema.encodings.get(name)
            row = values[index]
            row[np.isnan(row)] = float(value) if encoding is None else encoding.get(value, np.nan)


def check_outcomes(values: Floats, days: Sequence[Any], prefix: str, schema: RequestSchema) -> None:
    """Raise `Refused` if the outcomes of a day contradict each other.

    `values` float64[columns, n] in the order of `RequestSchema.columns`; `days`: entries or their like.
    """
    attack, severity = values[schema.index[ATTACK]], values[schema.index[SEVERITY]]
    for name in (SEVERITY, DURATION):
        wrong = (values[schema.index[name]] > 0) & (attack != 1)
        if wrong.any():
            path = prefix.format(int(wrong.argmax()))
            raise invalid(
                f"{path}.{name}", f"contradicts {ATTACK}: no attack is reported for that day", f"null, or {ATTACK} = 1"
            )
    painless = (attack == 1) & (severity == 0)
    for position in np.flatnonzero(painless).tolist():
        if getattr(days[position], "migraine_type", None) == "no_aura":
            raise invalid(
                f"{prefix.format(position)}.{SEVERITY}",
                "contradicts an attack of migraine without aura, which has pain",
                f"a number above 0 to {schema.contract.by_name[SEVERITY].high:g}",
            )


def day_cases(requests: Sequence[Any], *, now: dt.datetime, schema: RequestSchema = DEFAULT) -> Days:
    """Return the cases of many `DayRequest`, computed together. Raises `Refused` if any of them is wrong."""
    today = now.date()
    dates = [request.date or today for request in requests]
    day = np.array([date.toordinal() for date in dates], dtype=np.int64) - _EPOCH
    if min(dates) < EARLIEST or max(dates) > latest_day(now):
        raise invalid("$.items", "contains a day too long ago or in the future", schema.accepted("date"))
    values = _values(None, requests, schema)
    check_outcomes(values, requests, "$.items[{}]", schema)
    has_values = np.ascontiguousarray((values == values).T)
    cases = [
        Case(
            participant=(name := checked_name(request.participant_id)),
            day=day[k : k + 1],
            values=values[:, k : k + 1],
            has_values=has_values[k],
            explain=request.explain,
            key=name.encode() if name else values[:, k].tobytes(),
        )
        for k, request in enumerate(requests)
    ]
    return Days(cases, day, values)


def histories_of(cases: Sequence[Case]) -> Histories:
    """Return the histories of `cases`, each predicted from its newest day."""
    names = [case.participant for case in cases]
    if len(cases) == 1:
        [case] = cases
        person, last = np.zeros(len(case.day), dtype=np.int64), np.array([len(case.day) - 1])
        return Histories(names, lambda: [case.key], person, case.day, case.values, case.has_values, last)
    if isinstance(cases, Days):
        rows = np.arange(len(cases))
        return Histories(
            names, lambda: [case.key for case in cases], rows, cases.day, cases.values, _any_known(cases.values), rows
        )
    days = [_recent(case.day) for case in cases]
    lengths = [len(day) for day in days]
    values = np.concatenate([case.values[:, -length:] for case, length in zip(cases, lengths, strict=True)], axis=1)
    return Histories(
        names=names,
        keys=lambda: [case.key for case in cases],
        person=np.repeat(np.arange(len(cases)), lengths),
        day=np.concatenate(days),
        values=values,
        has_values=_any_known(values),
        targets=np.add.accumulate(lengths) - 1,
    )


def _any_known(values: Floats) -> NDArray[np.bool_]:
    """Return which columns of `values` float64[columns, n] have any value, bool[columns]."""
    known: NDArray[np.bool_] = (values == values).any(axis=1)
    return known


def _recent(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the days within the look-back of features."""
    return day if len(day) == 1 else day[int(np.searchsorted(day, day[-1] - LOOK_BACK)) :]
