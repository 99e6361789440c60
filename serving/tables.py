"""A table of diary days in, a table of answers out, as Arrow IPC or Parquet.

Here belong the people in a table. Not here: files (`table_files`), columns in (`table_columns`) and out
(`answer_table`), JSON (`batch`).

A row is a person and a day. With `participant_id` and `date` the rows of a person are its history, in any order, and
the newest day is answered (or, when asked, every day as if it were the newest). Without either, each row is a person
of its own without history. A row that cannot be accepted gives its person an `error` in place of an answer.
"""

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import features
from migraine_assets.core.diary import Diary
from serving.answer_table import answer_table
from serving.columns import ORDER, clean
from serving.predicting import People
from serving.recording import record
from serving.table_columns import columns_of, note
from serving.table_files import read_table, write_table

if TYPE_CHECKING:
    from serving.handlers import Handlers

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
    began, services = time.perf_counter(), handlers.services
    table = read_table(body, kind, most=services.settings.max_batch_rows)
    names, day, values, errors = columns_of(table, now=handlers.now())
    rows = order_of(names, day, errors, dated="date" in table.column_names)
    wanted = np.arange(len(rows.order)) if every_row else np.flatnonzero(rows.last)
    # Answers come back in the order of the request, not in that of sorting.
    wanted = wanted[np.argsort(rows.order[wanted] if every_row else rows.person[wanted], kind="stable")]
    wrong = _errors_of_people(rows, errors)
    good = np.array([wrong[person] is None for person in rows.person[wanted].tolist()], dtype=np.bool_)
    kept, asked, models = clean(values)[:, rows.order], wanted[good], services.models.current
    places = rows.order[asked]
    people = People([names[k] for k in places.tolist()], rows.day[asked], lambda: _keys(names, kept, rows, asked))
    found = handlers.predict_for(models, people, partial(_features, rows, kept, asked)) if asked.size else None
    answered = answer_table(
        [names[k] for k in rows.order[wanted].tolist()],
        [wrong[person] for person in rows.person[wanted].tolist()],
        models,
        found,
        before=values[:, places],
        after=kept[:, asked],
    )
    content = write_table(answered, kind)
    if found is not None:
        # Last, so that the thread that writes the log does not compete with what the client waits for.
        record(services, found, seconds=time.perf_counter() - began)
    return content


def _keys(names: list[str | None], kept: Floats, rows: Order, asked: NDArray[np.intp]) -> list[bytes]:
    """What keeps each person in one arm of a trial: the name, or else the day itself."""
    sorted_names = ((row, names[rows.order[row]]) for row in asked.tolist())
    return [name.encode() if name else kept[:, row].tobytes() for row, name in sorted_names]


def _features(rows: Order, kept: Floats, asked: NDArray[np.intp], horizon: int) -> NDArray[np.float32]:
    """The features of the rows `asked`, from the histories of the people in them."""
    people = np.zeros(len(rows.person), dtype=np.bool_)
    people[rows.person[asked]] = True
    # A slice where it is everybody, which copies nothing.
    sane = np.flatnonzero(people[rows.person]) if not people[rows.person].all() else slice(None)
    given = ~np.isnan(kept).all(axis=1)
    columns = {ORDER[k]: np.ascontiguousarray(kept[k, sane]) for k in np.flatnonzero(given).tolist()}
    whole = features.compute(Diary(rows.person[sane], rows.day[sane], True, columns), horizon=horizon)
    places = asked if isinstance(sane, slice) else np.searchsorted(sane, asked)
    computed: NDArray[np.float32] = whole if np.array_equal(places, np.arange(len(whole))) else whole[places]
    return computed


def order_of(names: list[str | None], day: NDArray[np.int64], errors: list[str | None], *, dated: bool) -> Order:
    """Who the rows belong to. A day that a person has twice is noted in `errors`."""
    rows = len(names)
    if not dated or all(name is None for name in names):
        alone = np.arange(rows)
        return Order(alone, alone.astype(np.int64), day, np.ones(rows, dtype=np.bool_))
    codes: dict[str | None, int] = {}
    # A row without a name is nobody else's.
    people = [codes.setdefault(name, row) if name else row for row, name in enumerate(names)]
    person = np.array(people, dtype=np.int64)
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    same = person[1:] == person[:-1]
    for place in np.flatnonzero(same & (day[1:] == day[:-1])).tolist():
        note(errors, int(order[place + 1]), "date occurs twice for this participant. Accepted: each day once.")
    return Order(order, person, day, np.append(~same, True))


def _errors_of_people(rows: Order, errors: list[str | None]) -> list[str | None]:
    """The first error of each person's rows."""
    found: list[str | None] = [None] * (int(rows.person.max()) + 1)
    if not any(errors):
        return found
    for place, row in enumerate(rows.order.tolist()):
        if errors[row]:
            found[rows.person[place]] = found[rows.person[place]] or errors[row]
    return found
