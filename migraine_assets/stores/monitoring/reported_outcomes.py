"""Outcomes of predicted days that later diary deliveries report, by day of arrival.

    monitoring/outcomes/<day of arrival>.parquet    participant (pseudonym), for_date, time, attack, severity,
                                                    and since another field may decide what an attack is: field, value

Reports are kept, whatever later deliveries say. Not here: which report counts (`core.monitoring.outcomes`), feedback of
users (`stores.monitoring.collection`).
"""

import datetime as dt
import io
from functools import partial
from typing import TYPE_CHECKING

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import read_table, unless_damaged
from migraine_assets.stores.prediction_log.record import pseudonym
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
    """Add the outcomes in `frame`, reported at `time` (seconds since 1970). Return the number of new rows.

    `frame` has the columns participant_id and date, and those named by `attack` and (optionally) `severity`, and by
    `value`: another field that decides what an attack is, as numbers.
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
    """Return the reports that arrived on `day`, possibly none.

    A damaged file raises `StoreError`, or counts as empty and is named in `damaged`.
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
