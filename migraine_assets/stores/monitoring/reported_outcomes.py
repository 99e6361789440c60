"""Outcomes of predicted days from later diary deliveries and from kept diaries, by day of arrival.

    monitoring/outcomes/<day of arrival>.parquet    participant (pseudonym), for_date, time, attack, severity,
                                                    and, if another field defines an attack: field, value

Reports are kept even if later deliveries differ. Not here: choosing the report that counts
(`core.monitoring.outcomes`), feedback (`stores.monitoring.collection`).
"""

import datetime as dt
import io
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from migraine_assets.core.contract import ATTACK, BY_NAME, SEVERITY, Field
from migraine_assets.errors import StoreError
from migraine_assets.stores.diaries.diaries import EPOCH
from migraine_assets.stores.diaries.history import WrittenDay
from migraine_assets.stores.documents import read_table, unless_damaged
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "monitoring/outcomes"
FIRST_COLUMNS = ("participant", "for_date", "time", "attack", "severity")
COLUMNS = (*FIRST_COLUMNS, "field", "value")
REMEDY = "Delete it and materialize the outcomes of the day again."


def add_reported_outcomes(
    store: Store,
    day: dt.date,
    frame: "pd.DataFrame",
    *,
    secret: bytes,
    time: float,
    attack: str,
    severity: str,
    value: str | None = None,
) -> int:
    """Add the outcomes in `frame`, reported at `time` (seconds since 1970), and return the number of new rows.

    `frame` has the columns participant_id and date, the column `attack` and, optionally, the column `severity`. If
    another field defines an attack, `value` is its column, as numbers.
    """
    import pandas as pd

    names = {name: pseudonym(secret, str(name)) for name in frame["participant_id"].unique()}
    reports = pd.DataFrame(
        {
            "participant": frame["participant_id"].map(names).astype("object"),
            "for_date": pd.to_datetime(frame["date"]).dt.date,
            "time": time,
            "attack": frame[attack].astype("float64"),
            "severity": frame[severity].astype("float64") if severity in frame else float("nan"),
            "field": value,
            "value": frame[value].astype("float64") if value else float("nan"),
        }
    )
    return _add(store, day, reports)


def add_kept_outcomes(store: Store, day: dt.date, days: Sequence[WrittenDay], *, field: Field | None = None) -> int:
    """Add the outcomes of `days`, which were written to kept diaries on `day`. Return the number of new rows.

    `field`: the field that defines an attack, if it is not the outcome of the contract.
    """
    import pandas as pd

    columns = {
        "attack": [_number(each, BY_NAME[ATTACK]) for each in days],
        "severity": [_number(each, BY_NAME[SEVERITY]) for each in days],
        "value": [_number(each, field) for each in days],
    }
    reports = pd.DataFrame(
        {
            "participant": pd.Series([each.participant for each in days], dtype="object"),
            "for_date": pd.Series([dt.date.fromordinal(each.day + EPOCH) for each in days], dtype="object"),
            "time": pd.Series([each.written / 1e6 for each in days], dtype="float64"),
            "field": field.name if field else None,
            **{name: pd.Series(values, dtype="float64") for name, values in columns.items()},
        }
    )
    return _add(store, day, reports[list(COLUMNS)])


def _number(day: WrittenDay, field: Field | None) -> float:
    """Return the value of `field` as a number, NaN if it is unknown."""
    value = day.values.get(field.name) if field else None
    if field is not None and field.encoding is not None:
        value = field.encoding.numbers.get(str(value))
    return float("nan") if value is None or isinstance(value, str) else float(value)


def _add(store: Store, day: dt.date, reports: "pd.DataFrame") -> int:
    """Add the rows with an outcome that are not stored yet, and return their number."""
    import pandas as pd

    reports = reports[reports["attack"].notna() | reports["value"].notna()]
    before = reported_outcomes(store, day)
    merged = pd.concat([before, reports], ignore_index=True) if len(before) else reports
    merged = merged.drop_duplicates(["participant", "for_date", "time"])
    merged = merged.sort_values(["time", "participant", "for_date"])
    if len(merged) > len(before):
        sink = io.BytesIO()
        merged[list(COLUMNS)].to_parquet(sink, index=False, compression="zstd")
        store.write(_path(day), sink.getvalue())
    return len(merged) - len(before)


def reported_outcomes(store: Store, day: dt.date, *, damaged: list[str] | None = None) -> "pd.DataFrame":
    """Return the reports that arrived on `day`; there may be none.

    A damaged file raises `StoreError`. If `damaged` is a list, the message is appended to it and the result is empty.
    """
    import pandas as pd

    path = _path(day)
    reports = unless_damaged(partial(_read, store, path), damaged) if store.exists(path) else None
    return pd.DataFrame(columns=list(COLUMNS)) if reports is None else reports


def _read(store: Store, path: str) -> "pd.DataFrame":
    table = read_table(store, path, remedy=REMEDY)
    if set(table.column_names) not in (set(COLUMNS), set(FIRST_COLUMNS)):
        raise StoreError(f"'{path}' in {store.uri} has the columns {', '.join(table.column_names)}. {REMEDY}")
    reports: pd.DataFrame = table.to_pandas()
    if "field" not in reports:
        reports = reports.assign(field=None, value=float("nan"))
    return reports


def _path(day: dt.date) -> str:
    return f"{FOLDER}/{day.isoformat()}.parquet"
