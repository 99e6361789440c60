"""The participants of a delivery in parts, with the columns that the models read, so that memory stays bounded.

Not here: forecasting (`prediction.forecasts`).
"""

from collections.abc import Iterator

from migraine_assets.core.contract import Contract
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.defs.refs import DiaryRef
from migraine_assets.prediction.forecasts import Shard
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.stores.assets.frames import frame_parts
from migraine_assets.stores.store import Store


def delivered_shards(store: Store, diary: DiaryRef, models: ModelSet) -> Iterator[Shard]:
    """Return the participants of `diary`, a preprocessed diary, in parts. Its fields are read by the contract of
    `models`.
    """
    columns = ("participant_id", "date", *(field.name for field in models.contract.fields if field.numeric))
    contract = Contract(models.contract.fields)
    for frame in frame_parts(store, diary.frame, columns):
        names = frame["participant_id"].drop_duplicates().tolist()
        yield Shard(names, diary_from_frame(frame, contract=contract))
