"""What deliveries told of days that were predicted, by the day on which they arrived.

    monitoring/outcomes/<day of arrival>.parquet    participant (pseudonym), for_date, time, attack, severity

Here belong the files: what was told stays, whatever later deliveries say. Not here: which word counts
(`core.monitoring.outcomes`), feedback (`collecting`).
"""

import datetime as dt
import io
from typing import TYPE_CHECKING

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log.record import pseudonym
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "monitoring/outcomes"
COLUMNS = ("participant", "for_date", "time", "attack", "severity")


def keep_told(
    store: Store, day: dt.date, frame: "pd.DataFrame", *, secret: bytes, time: float, attack: str, severity: str
) -> int:
    """Add what the rows of `frame` (participant_id, date, and the columns `attack` and `severity`) say, as told at
    `time`; the number of rows that are new.
    """
    import pandas as pd

    names = {name: pseudonym(secret, str(name)) for name in frame["participant_id"].unique()}
    said = pd.DataFrame(
        {
            "participant": frame["participant_id"].map(names).astype("object"),
            "for_date": pd.to_datetime(frame["date"]).dt.date,
            "time": time,
            "attack": frame[attack].astype("float64"),
            "severity": frame[severity].astype("float64") if severity in frame else float("nan"),
        }
    )
    said = said[said["attack"].notna()]
    before = told(store, day)
    whole = pd.concat([before, said], ignore_index=True) if len(before) else said
    whole = whole.drop_duplicates(["participant", "for_date", "time"]).sort_values(["time", "participant", "for_date"])
    if len(whole) > len(before):
        sink = io.BytesIO()
        whole[list(COLUMNS)].to_parquet(sink, index=False, compression="zstd")
        store.write(_path(day), sink.getvalue())
    return len(whole) - len(before)


def told(store: Store, day: dt.date) -> "pd.DataFrame":
    """What arrived on `day`; empty where nothing did. Raises `StoreError` for a damaged file."""
    import pandas as pd
    import pyarrow as pa

    path = _path(day)
    if not store.exists(path):
        return pd.DataFrame(columns=list(COLUMNS))
    try:
        return pd.read_parquet(io.BytesIO(store.read(path)))
    except (pa.ArrowException, ValueError) as error:
        raise StoreError(f"'{path}' in {store.uri} is damaged: {error}. Delete it and materialize it again.") from error


def _path(day: dt.date) -> str:
    return f"{FOLDER}/{day.isoformat()}.parquet"
