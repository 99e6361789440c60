"""A table of diary days in, a table of answers out, as Arrow IPC or Parquet.

Here belong the people in a table and their answers. Not here: files (`table_files`), columns (`table_columns`), JSON
(`batch`).

A row is a person and a day. With `participant_id` and `date` the rows of a person are its history, in any order, and
the newest day is answered (or, when asked, every day as if it were the newest). Without either, each row is a person
of its own without history. A row that cannot be accepted gives its person an `error` in place of an answer.
"""

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import features
from migraine_assets.core.diary import Diary
from serving.cases import Case
from serving.columns import ORDER, changed, clean
from serving.engine import Outcome, answer
from serving.recording import record
from serving.table_columns import columns_of, note
from serving.table_files import read_table, write_table

if TYPE_CHECKING:
    from serving.handlers import Handlers


@dataclass(frozen=True, eq=False)
class People:
    """The rows sorted by person and day. `order` intp[n]: places in the table; `person` int64[n]: codes in order of
    first appearance; `last` bool[n]: a person's newest row; `dated`: whether rows of a person are a history.
    """

    order: NDArray[np.intp]
    person: NDArray[np.int64]
    day: NDArray[np.int64]
    last: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Days:
    """All rows: `kept` float64[columns, n] sorted as `people` and settled as in training; `values` float64[columns, n]
    and `names` as they came.
    """

    people: People
    kept: NDArray[np.float64]
    values: NDArray[np.float64]
    names: list[str | None]

    def case(self, row: int) -> Case:
        """The sorted row `row` as the newest day of its person."""
        place = int(self.people.order[row])
        now, before = self.kept[:, row : row + 1], self.values[:, place : place + 1]
        name = self.names[place]
        return Case(
            participant=name,
            day=self.people.day[row : row + 1],
            values=now,
            given=(before == before)[:, 0],
            changed=changed(before, now),
            explain=False,
            key=name.encode() if name else now.tobytes(),
        )


def predict_table(handlers: "Handlers", body: bytes, kind: str, *, every_row: bool) -> bytes:
    """The answers to a table, as a table of the same media type. Raises `Refused` where it is no diary at all."""
    began, services = time.perf_counter(), handlers.services
    table = read_table(body, kind, most=services.settings.max_batch_rows)
    names, day, values, errors = columns_of(table, now=handlers.now())
    people = people_of(names, day, errors, dated="date" in table.column_names)
    kept = clean(values)[:, people.order]
    wanted = np.arange(len(people.order)) if every_row else np.flatnonzero(people.last)
    wrong = _errors_of_people(people, errors)
    good = [int(row) for row in wanted if wrong[people.person[row]] is None]
    outcomes = _answers(handlers, Days(people, kept, values, names), good)
    record(services, outcomes, seconds=time.perf_counter() - began)
    found = dict(zip(good, outcomes, strict=True))
    # Answers come back in the order of the request, not in that of sorting.
    wanted = wanted[np.argsort(people.order[wanted] if every_row else people.person[wanted], kind="stable")]
    rows = [_row(names[people.order[row]], found.get(int(row)), wrong[people.person[row]]) for row in wanted]
    return write_table(rows, _schema(), kind)


def people_of(names: list[str | None], day: NDArray[np.int64], errors: list[str | None], *, dated: bool) -> People:
    """Who the rows belong to. A day that a person has twice is noted in `errors`."""
    rows = len(names)
    if not dated or all(name is None for name in names):
        alone = np.arange(rows)
        return People(alone, alone.astype(np.int64), day, np.ones(rows, dtype=np.bool_))
    codes: dict[Any, int] = {}
    person = np.array([codes.setdefault(name or (row,), len(codes)) for row, name in enumerate(names)], dtype=np.int64)
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    same = person[1:] == person[:-1]
    for place in np.flatnonzero(same & (day[1:] == day[:-1])).tolist():
        note(errors, int(order[place + 1]), "date occurs twice for this participant. Accepted: each day once.")
    return People(order, person, day, np.append(~same, True))


def _errors_of_people(people: People, errors: list[str | None]) -> list[str | None]:
    """The first error of each person's rows."""
    found: list[str | None] = [None] * (int(people.person.max()) + 1)
    for place, row in enumerate(people.order.tolist()):
        if errors[row]:
            found[people.person[place]] = found[people.person[place]] or errors[row]
    return found


def _answers(handlers: "Handlers", days: Days, good: list[int]) -> list[Outcome]:
    services, people = handlers.services, days.people

    def compute(horizon: int) -> NDArray[np.float32]:
        sane = np.isin(people.person, people.person[good])
        given = ~np.isnan(days.kept).all(axis=1)
        columns = {ORDER[k]: np.ascontiguousarray(days.kept[k, sane]) for k in np.flatnonzero(given).tolist()}
        whole = features.compute(Diary(people.person[sane], people.day[sane], True, columns), horizon=horizon)
        rows: NDArray[np.float32] = whole[np.searchsorted(np.flatnonzero(sane), good)]
        return rows

    return answer(
        services.models.current,
        [days.case(row) for row in good],
        make_id=services.receipts.make_id,
        secret=services.secret,
        least_days=services.settings.least_history_days,
        compute=compute,
    )


def _schema() -> Any:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    return pa.schema(
        [
            ("participant_id", text), ("prediction_id", text), ("for_date", pa.date32()), ("abstained", pa.bool_()),
            ("probability", number), ("risk_band", text), ("threshold", number), ("probability_low", number),
            ("probability_high", number), ("base_rate", number), ("severity", number), ("severity_low", number),
            ("severity_high", number), ("warnings", pa.list_(text)), ("attack_bundle", text),
            ("severity_bundle", text), ("arm", text), ("error", text),
        ]
    )  # fmt: skip


def _row(participant: str | None, outcome: Outcome | None, error: str | None) -> dict[str, Any]:
    if outcome is None:
        return {"participant_id": participant, "error": error}
    found = outcome.prediction
    attack, severity, model = found.attack, found.severity, found.model
    around, spread = attack and attack.interval, severity and severity.interval_90
    return {
        "participant_id": participant,
        "prediction_id": found.prediction_id,
        "for_date": dt.date.fromisoformat(found.for_date),
        "abstained": found.abstained,
        "probability": attack and attack.probability,
        "risk_band": attack and attack.risk_band,
        "threshold": attack and attack.threshold,
        "probability_low": around and around.low,
        "probability_high": around and around.high,
        "base_rate": attack and attack.base_rate and attack.base_rate.rate,
        "severity": severity and severity.expected,
        "severity_low": spread and spread.low,
        "severity_high": spread and spread.high,
        "warnings": [warning.code for warning in found.warnings],
        "attack_bundle": model.attack and model.attack.bundle,
        "severity_bundle": model.severity and model.severity.bundle,
        "arm": model.attack and model.attack.arm,
        "error": None,
    }
