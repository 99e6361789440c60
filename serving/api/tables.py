"""A table of diary days in, a table of answers out, as Arrow IPC or Parquet.

Here belong the people in a table. Not here: files (`table_files`), columns in (`table_columns`) and out
(`answer_table`), JSON (`batch`).

A row is a person and a day. With `participant_id` and `date` the rows of a person are its history, in any order, and
the newest day is answered (or, when asked, every day as if it were the newest). Without either, each row is a person
of its own without history. A row that cannot be accepted gives its person an `error` in place of an answer.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary
from serving.api.compose_table import answer_table
from serving.api.record import record
from serving.input.arrow_columns import Columns, columns_of
from serving.input.arrow_files import read_table, write_table
from serving.input.columns import ORDER, clean
from serving.model.predictor import People

if TYPE_CHECKING:
    from serving.api.endpoints import Handlers

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Order:
    """The rows sorted by person and day. `order` intp[n]: their places in the table; `person` int64[n]: the place of
    the person's first row in it; `day` int64[n]; `last` bool[n]: whether it is the person's newest.
    """

    order: NDArray[np.intp]
    person: NDArray[np.int64]
    day: NDArray[np.int64]
    last: NDArray[np.bool_]


def predict_table(handlers: "Handlers", body: bytes, kind: str, *, every_row: bool) -> bytes:
    """The answers to a table, as a table of the same media type. Raises `Refused` where it is no diary at all."""
    try:
        return _predicted(handlers, body, kind, every_row=every_row)
    finally:
        handlers.services.tables.used()


def _predicted(handlers: "Handlers", body: bytes, kind: str, *, every_row: bool) -> bytes:
    began, services = time.perf_counter(), handlers.services
    table = read_table(body, kind, most=services.settings.max_batch_rows)
    columns = columns_of(table, now=handlers.now())
    rows = order_of(columns, dated="date" in table.column_names)
    wanted = np.arange(len(rows.order)) if every_row else np.flatnonzero(rows.last)
    # Answers come back in the order of the request, not in that of sorting.
    wanted = wanted[np.argsort(rows.order[wanted] if every_row else rows.person[wanted], kind="stable")]
    errors = _errors_of(rows, wanted, columns.errors)
    asked, models = np.delete(wanted, list(errors)) if errors else wanted, services.models.current
    kept = _at(clean(columns.values), rows.order)
    names = _names(columns, rows.order[asked])
    people = People(names, rows.day[asked], lambda: _keys(names, kept, asked))
    found = handlers.predict_for(models, people, partial(_features, rows, kept, asked)) if asked.size else None
    answered = answer_table(
        _names(columns, rows.order[wanted]) if errors else names,
        errors,
        models,
        found,
        before=_at(columns.values, rows.order[asked]),
        after=_at(kept, asked),
    )
    content = write_table(answered, kind)
    if found is not None:
        # Last, so that the thread that writes the log does not compete with what the client waits for.
        record(services, found, seconds=time.perf_counter() - began)
    return content


def _at(values: Floats, places: NDArray[np.intp]) -> Floats:
    """`values[:, places]`, without a copy where these are all in their order."""
    everything = places.size == values.shape[1] and bool((places == np.arange(places.size)).all())
    return values if everything else values[:, places]


def _names(columns: Columns, places: NDArray[np.intp]) -> list[str | None]:
    """Of the rows at `places` of the table."""
    # The last is for -1: a row without a name.
    return list(np.array([*columns.names, None], dtype=object)[columns.who[places]])


def _keys(names: list[str | None], kept: Floats, asked: NDArray[np.intp]) -> list[bytes]:
    """What keeps each person in one arm of a trial: the name, or else the day itself."""
    return [name.encode() if name else kept[:, row].tobytes() for name, row in zip(names, asked.tolist(), strict=True)]


def _features(rows: Order, kept: Floats, asked: NDArray[np.intp], horizon: int) -> NDArray[np.float32]:
    """The features of the rows `asked`, from the histories of the people in them."""
    people = np.zeros(len(rows.person), dtype=np.bool_)
    people[rows.person[asked]] = True
    # A slice where it is everybody, which copies nothing.
    sane = np.flatnonzero(people[rows.person]) if not people[rows.person].all() else slice(None)
    given = ~np.isnan(kept).all(axis=1)
    columns = {ORDER[k]: np.ascontiguousarray(kept[k, sane]) for k in np.flatnonzero(given).tolist()}
    whole = engine.compute(Diary(rows.person[sane], rows.day[sane], True, columns), horizon=horizon)
    places = asked if isinstance(sane, slice) else np.searchsorted(sane, asked)
    computed: NDArray[np.float32] = whole if np.array_equal(places, np.arange(len(whole))) else whole[places]
    return computed


def order_of(columns: Columns, *, dated: bool) -> Order:
    """Who the rows belong to. A day that a person has twice is noted in the errors of `columns`."""
    who, day, places = columns.who, columns.day, np.arange(len(columns.who))
    if not dated or (who < 0).all():
        return Order(places, places.astype(np.int64), day, np.ones(len(who), dtype=np.bool_))
    first, named = np.zeros(len(columns.names), dtype=np.int64), np.flatnonzero(who >= 0)[::-1]
    first[who[named]] = named  # of what is written to one place the last stays
    # A row without a name is nobody else's.
    person = np.where(who < 0, places, first[who])
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    same = person[1:] == person[:-1]
    for place in np.flatnonzero(same & (day[1:] == day[:-1])).tolist():
        columns.note(int(order[place + 1]), "date occurs twice for this participant. Accepted: each day once.")
    return Order(order, person, day, np.append(~same, True))


def _errors_of(rows: Order, wanted: NDArray[np.intp], errors: Mapping[int, str]) -> dict[int, str]:
    """The first error among the rows of each person, by its place in `wanted`, where there is one."""
    if not errors:
        return {}
    wrong = np.zeros(len(rows.order), dtype=np.bool_)
    wrong[list(errors)] = True
    by_person: dict[int, str] = {}
    for place in np.flatnonzero(wrong[rows.order]).tolist():
        by_person.setdefault(int(rows.person[place]), errors[int(rows.order[place])])
    concerned = np.flatnonzero(np.isin(rows.person[wanted], list(by_person)))
    return {place: by_person[int(rows.person[wanted[place]])] for place in concerned.tolist()}
