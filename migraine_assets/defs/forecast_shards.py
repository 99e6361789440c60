"""The participants of a delivery in parts, with the columns that the models read, so that memory stays bounded.

Not here: forecasting (`prediction.forecasts`), reading the file (`stores.assets.frames`).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from migraine_assets.core.contract import Contract, Field
from migraine_assets.core.features.diary import Diary, Floats
from migraine_assets.defs.refs import DiaryRef
from migraine_assets.prediction.forecasts import Shard
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.stores.assets.frames import frame_parts
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    import pyarrow as pa


def delivered_shards(store: Store, diary: DiaryRef, models: ModelSet) -> Iterator[Shard]:
    """Yield the participants of `diary`, a preprocessed diary. Its fields are read by the contract of `models`."""
    contract = models.contract
    columns = ("participant_id", "date", *(field.name for field in contract.fields if field.numeric))
    for table in frame_parts(store, diary.frame, columns):
        yield shard_of(table, contract)


def shard_of(table: "pa.Table", contract: Contract) -> Shard:
    """Convert a table that is sorted by participant and date.

    `core.features.from_frame` does the same with a frame, but converting to pandas takes longer than the features.
    """
    import pyarrow as pa

    participants = table.column("participant_id").combine_chunks().dictionary_encode()
    codes = participants.indices.to_numpy().astype(np.int64)
    dated = table.column("date").null_count == 0
    day = table.column("date").cast(pa.date32()).cast(pa.int32()).to_numpy() if dated else np.zeros(len(codes))
    fields = [field for field in contract.fields if field.numeric and field.name in table.column_names]
    columns = {field.column: values for field in fields if (values := _values(table, field)) is not None}
    return Shard(participants.dictionary.to_pylist(), Diary(codes, day.astype(np.int64), dated, columns))


def _values(table: "pa.Table", field: Field) -> Floats | None:
    """Return the values of `field`, float64[n] with NaN for null; None if all are null."""
    import pyarrow as pa

    column = table.column(field.name)
    if column.null_count == len(column):
        return None
    if field.encoding:
        words = column.combine_chunks().dictionary_encode()
        # The last element is that of null.
        lookup = np.array(
            [*(field.encoding.numbers.get(word, np.nan) for word in words.dictionary.to_pylist()), np.nan]
        )
        numbers: Floats = lookup[words.indices.fill_null(-1).to_numpy()]
        return numbers
    values: Floats = column.cast(pa.float64()).to_numpy()
    return values
