"""The source `service`: the diaries that the HTTP service keeps, as a delivery of one Parquet file.

The ids of participants are keyed hashes. The option `as_of` (ISO 8601) reads the diaries as they were at an earlier
time, so that earlier features can be reproduced. Not here: the database (`stores.diaries`).
"""

import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.settings import Settings
from migraine_assets.sources.files.delivery import READING, Delivery, source_file
from migraine_assets.stores.diaries.database import Database, open_database
from migraine_assets.stores.diaries.history import NOW, DiaryDay, days_at

NAME = "service"
FILE_NAME = "service.parquet"
DESCRIPTION = "diaries kept by the service"
# Number of days that are converted to columns together; their values as Python objects take 20 MB.
BLOCK = 10_000


def open_service(options: Mapping[str, Any]) -> Delivery:
    """Return the kept diaries. Raises `ConfigurationError` for an invalid option, `DataRefused` if nothing is kept."""
    moment = moment_of(options)
    database = kept_database(Settings())
    try:
        diary = diary_frame(days_at(database, moment=moment))
    finally:
        database.close()
    if diary.empty:
        raise DataRefused(
            "The service keeps no diary" + (" at that moment." if options else ".") + " An app sends days with "
            "PUT /diaries/PARTICIPANT/days/DATE; SERVING_DIARY_URL names the database if it is not in MIGRAINE_HOME."
        )
    return delivery_of(_parquet(diary))


def delivery_of(content: bytes) -> Delivery:
    """Return the delivery of a file that `open_service` wrote. Raises `DataRefused` if it is damaged."""
    import pyarrow as pa

    try:
        diary = pd.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataRefused(f"The kept copy of {FILE_NAME} cannot be read: {error}.") from error
    file = source_file(FILE_NAME, content)
    return Delivery(source=NAME, description=DESCRIPTION, frame=_raw(diary), horizon=1, files=(file,), md5=file.md5)


def moment_of(options: Mapping[str, Any]) -> int:
    """Return the time of the option `as_of` in microseconds since 1970. Raises `ConfigurationError` if invalid."""
    if unknown := sorted(set(options) - {"as_of"}):
        raise ConfigurationError(f"The source {NAME} has the option as_of, but got {', '.join(unknown)}.")
    text = options.get("as_of")
    if text is None:
        return NOW
    try:
        moment = dt.datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ConfigurationError(f"as_of is '{text}'; write it like 2026-03-01T12:00:00+00:00.") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return round((moment - dt.datetime.fromtimestamp(0, dt.UTC)) / dt.timedelta(microseconds=1))


def kept_database(settings: Settings) -> Database:
    """Return the database of kept diaries of `settings`."""
    return open_database(settings.diary_url, home=settings.root)


def diary_frame(days: Iterator[DiaryDay]) -> pd.DataFrame:
    """Return `days` as a frame with the columns of the contract and of all other fields in `days`."""
    blocks = []
    while block := list(islice(days, BLOCK)):
        blocks.append(_block(block))
    if not blocks:
        return _block(())
    return pd.concat(blocks, ignore_index=True)


def _block(days: Sequence[DiaryDay]) -> pd.DataFrame:
    names = dict.fromkeys([*CONTRACT.names(), *(name for day in days for name in day.values)])
    columns = {name: _column(name, [day.values.get(name) for day in days]) for name in names}
    columns["participant_id"] = pd.Series([day.participant for day in days], dtype=object)
    columns["date"] = np.array([day.day for day in days], dtype="datetime64[D]").astype("datetime64[ns]")
    return pd.DataFrame(columns)


def _column(name: str, values: list[Any]) -> Any:
    """Return a field as a column: float64 for numbers and flags, else text. The type of other fields is inferred."""
    field = CONTRACT.by_name.get(name)
    text = any(isinstance(value, str) for value in values) if field is None else field.kind not in ("number", "flag")
    if text:
        return pd.Series([value if value is None else str(value) for value in values], dtype=object)
    return np.array([np.nan if value is None or isinstance(value, str) else value for value in values], np.float64)


def _parquet(diary: pd.DataFrame) -> bytes:
    """Encode the diary deterministically, without metadata such as the version of pandas."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(diary, preserve_index=False).replace_schema_metadata(None)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _raw(diary: pd.DataFrame) -> pd.DataFrame:
    """Add the provenance columns of a raw frame; every cell is readable."""
    rows = len(diary)
    columns: dict[str, Any] = {name: np.full(rows, None, dtype=object) for name in READING}
    columns["source_file"] = np.full(rows, FILE_NAME, dtype=object)
    columns["source_row"] = np.arange(1, rows + 1, dtype=np.int64)
    return diary.assign(**columns)
