"""From a decoded request to arrays: one person's days, checked against each other and against the calendar.

Here belong the rules between the values of a request (order and range of dates, outcomes that contradict each
other) and the array form. Not here: bounds of single values (`schema`), features (`core.features.engine`).

The rules are those by which training sets rows aside (`core.diary.rules`); what training would not learn
from is not predicted from.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import contract
from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.core.features.diary import ENCODINGS
from migraine_assets.core.features.engine import LOOK_BACK
from serving.contract import requests as schema
from serving.contract.problems import invalid
from serving.contract.requests import FIRST_NUMBER, NUMERIC, STATIC
from serving.input.columns import DURATION, ORDER, PLACE, changed, clean, limited
from serving.input.histories import Histories

Floats = NDArray[np.float64]

EARLIEST = dt.date(1980, 1, 1)
_EPOCH = dt.date(1970, 1, 1).toordinal()
# From so many days on it is quicker to leave out columns that nobody fills: NumPy is slow at reading None.
MANY = 64
_NUMBERS = len(NUMERIC)
_STATIC_NUMBERS = tuple(name for name in STATIC if name in PLACE and name in NUMERIC)
_CODES = {field: {**encoding.numbers} for field, encoding in ENCODINGS.items()}


class Case(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One person to predict for.

    `day` int64[n]: days since 1970-01-01, ascending. `values` float64[columns, n] in the order of `ORDER`, as
    training would see them. `given` bool[columns]: whether any day has the column. `changed`: fields that were
    set to a limit or nulled. `key`: what keeps the person in one arm of a rollout.
    """

    participant: str | None
    day: NDArray[np.int64]
    values: Floats
    given: NDArray[np.bool_]
    changed: tuple[str, ...]
    explain: bool
    key: bytes

    @property
    def last_day(self) -> dt.date:
        """The newest day, "today"."""
        return dt.date.fromordinal(int(self.day[-1]) + _EPOCH)


class Days(list[Case]):
    """Cases of one day each, and all of these together as `day` int64[n] and `values` float64[columns, n]."""

    def __init__(self, cases: Iterable[Case], day: NDArray[np.int64], values: Floats) -> None:
        super().__init__(cases)
        self.day, self.values = day, values


def latest_day(now: dt.datetime) -> dt.date:
    """The newest day that is not in the future anywhere on Earth (UTC+14)."""
    return (now + dt.timedelta(hours=14)).date()


def case_of(request: Any, *, now: dt.datetime, body: bytes = b"") -> Case:
    """The case of a decoded `DiaryRequest` or `DayRequest`. Raises `Refused` (422) naming the field.

    `now`: UTC; a day without a date is the day of `now`. `body` identifies a request without a participant.
    """
    if type(request) is schema.DayRequest:
        days, prefix = [request], "$"
        dates = [request.date or now.date()]
    else:
        days, prefix = request.entries, "$.entries[{}]"
        dates = [entry.date for entry in days]
    day = _checked_dates(dates, prefix, latest=latest_day(now))
    values = _values(None if days[0] is request else request, days)
    _check_outcomes(values, days, prefix)
    kept = clean(values)
    participant = checked_name(request.participant_id)
    return Case(
        participant=participant,
        day=day,
        values=kept,
        given=(values == values).any(axis=1),
        changed=changed(values, kept),
        explain=request.explain,
        key=participant.encode() if participant else body,
    )


def checked_name(participant: str | None) -> str | None:
    """`participant`, whose pattern lets one line break through at its end. Raises `Refused`."""
    if participant is not None and participant[-1] == "\n":
        raise invalid("$.participant_id", "does not have the accepted form", schema.PARTICIPANT_ACCEPTED)
    return participant


def _checked_dates(dates: Sequence[dt.date], prefix: str, *, latest: dt.date) -> NDArray[np.int64]:
    day = np.array([date.toordinal() for date in dates], dtype=np.int64) - _EPOCH
    backwards = day[1:] <= day[:-1]
    if backwards.any():
        path = prefix.format(int(backwards.argmax()) + 1)
        raise invalid(f"{path}.date", "is not later than the day before it in the list", "each day once, oldest first")
    for place, date in ((0, dates[0]), (len(dates) - 1, dates[-1])):
        if date < EARLIEST:
            raise invalid(f"{prefix.format(place)}.date", "is too long ago", f"days from {EARLIEST}")
        if date > latest:
            raise invalid(f"{prefix.format(place)}.date", "is in the future", f"days up to {latest}")
    return day


def _values(request: Any, days: Sequence[Any]) -> Floats:
    """float64[columns, n], NaN for null; what is said once of the person holds where a day says nothing."""
    values = np.empty((len(ORDER), len(days)))
    rows = [msgspec.structs.astuple(day)[FIRST_NUMBER : FIRST_NUMBER + _NUMBERS] for day in days]
    if len(rows) < MANY:
        values[:_NUMBERS] = np.array(rows, dtype=np.float64).T
    else:
        for place, column in enumerate(zip(*rows, strict=True)):
            values[place] = np.nan if column.count(None) == len(column) else column
    for place, (field, codes) in enumerate(_CODES.items(), start=_NUMBERS):
        values[place] = [codes.get(getattr(day, field), np.nan) for day in days]
    if request is not None:
        _fill(values, request)
    return values


def _fill(values: Floats, request: Any) -> None:
    for field in STATIC:
        said = getattr(request, field)
        if said is not None:
            place = PLACE[field] if field in NUMERIC else PLACE[ENCODINGS[field].column]
            number = _CODES[field].get(said, np.nan) if field in _CODES else float(said)
            row = values[place]
            row[np.isnan(row)] = number


def _check_outcomes(values: Floats, days: Sequence[Any], prefix: str) -> None:
    attack = values[PLACE[ATTACK]]
    for name in (SEVERITY, DURATION):
        wrong = (values[PLACE[name]] > 0) & (attack != 1)
        if wrong.any():
            path = prefix.format(int(wrong.argmax()))
            raise invalid(
                f"{path}.{name}", f"contradicts {ATTACK}: no attack is told of that day", f"null, or {ATTACK} = 1"
            )
    painless = (attack == 1) & (values[PLACE[SEVERITY]] == 0)
    for place in np.flatnonzero(painless).tolist():
        if getattr(days[place], "migraine_type", None) == "no_aura":
            raise invalid(
                f"{prefix.format(place)}.{SEVERITY}",
                "contradicts an attack of migraine without aura, which has pain",
                f"a number above 0 to {contract.BY_NAME[SEVERITY].high:g}",
            )


def day_cases(requests: Sequence[Any], *, now: dt.datetime) -> Days:
    """The cases of many `DayRequest`, worked out together. Raises `Refused` where any of them is wrong."""
    today = now.date()
    dates = [request.date or today for request in requests]
    day = np.array([date.toordinal() for date in dates], dtype=np.int64) - _EPOCH
    if min(dates) < EARLIEST or max(dates) > latest_day(now):
        raise invalid("$.items", "holds a day too long ago or in the future", schema.accepted("date"))
    values = _values(None, requests)
    _check_outcomes(values, requests, "$.items[{}]")
    kept = clean(values)
    given = np.ascontiguousarray((values == values).T)
    settled = np.asarray(limited(values, kept).any(axis=0))
    cases = [
        Case(
            participant=(name := checked_name(request.participant_id)),
            day=day[k : k + 1],
            values=kept[:, k : k + 1],
            given=given[k],
            changed=changed(values[:, k : k + 1], kept[:, k : k + 1]) if settled[k] else (),
            explain=request.explain,
            key=name.encode() if name else kept[:, k].tobytes(),
        )
        for k, request in enumerate(requests)
    ]
    return Days(cases, day, kept)


def histories_of(cases: Sequence[Case]) -> Histories:
    """The histories of `cases`, each predicted from its newest day."""
    names = [case.participant for case in cases]
    if len(cases) == 1:
        [case] = cases
        person, last = np.zeros(len(case.day), dtype=np.int64), np.array([len(case.day) - 1])
        return Histories(names, lambda: [case.key], person, case.day, case.values, case.given, last)
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
        given=_any_known(values),
        targets=np.add.accumulate(lengths) - 1,
    )


def _any_known(values: Floats) -> NDArray[np.bool_]:
    """Which columns of `values` float64[columns, n] have any value, bool[columns]."""
    known: NDArray[np.bool_] = (values == values).any(axis=1)
    return known


def _recent(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """The days that features look back on."""
    return day if len(day) == 1 else day[int(np.searchsorted(day, day[-1] - LOOK_BACK)) :]
