"""The diary for `migraine forecast` and `migraine sheet`: the newest delivery, or a file that is read as in a run.

Not here: the commands (`cli.commands`).
"""

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from migraine_assets.core.contract import Contract
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import validate
from migraine_assets.core.features.from_frame import diaries_from_frame
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.params import load_params
from migraine_assets.prediction.forecasts import Shard
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.settings import Settings
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.assets.frames import PART_ROWS
from migraine_assets.stores.store import Store


def diary_shards(
    settings: Settings, models: ModelSet, source: str | None, *, mapping: str | None
) -> tuple[str, Iterator[Shard]]:
    """Return the description of the diary at `source`, by default the newest delivery, and its participants in parts.

    Raises `ConfigurationError` and `DataRefused` as `delivered` and `read` do, and for a mapping without a source.
    """
    if source is not None:
        return read(settings, source, mapping=mapping)
    if mapping:
        raise ConfigurationError("--mapping needs a source. The newest delivery was already read with its mapping.")
    return delivered(Store(settings.store_location), models)


def delivered(store: Store, models: ModelSet) -> tuple[str, Iterator[Shard]]:
    """Return the description of the newest accepted delivery, and its participants in parts."""
    from migraine_assets.defs.forecast_shards import delivered_shards
    from migraine_assets.defs.refs import current

    diary = current(store, "preprocessed_diary")
    if diary is None:
        raise DataRefused("No diary was delivered yet. Run `migraine run`, or name the file of a diary.")
    return diary.delivery.description, delivered_shards(store, diary, models)


def read(settings: Settings, source: str, *, mapping: str | None) -> tuple[str, Iterator[Shard]]:
    """Read, validate and clean the diary at `source` as in a run. Return its description, and its participants in
    parts.

    Raises `ConfigurationError` and `DataRefused` for a diary that cannot be read or has no acceptable row.
    """
    params, today = load_params(settings.params), dt.datetime.now(dt.UTC).date()
    contract = params.diary_contract()
    delivery = read_source(
        source, mapping=mapping, options={}, landing=settings.landing, limits=params.sources, contract=contract
    )
    valid = validate(delivery.frame, today=today, settings=params.validation, contract=contract).valid
    if not len(valid):
        raise DataRefused(f"{delivery.description} has no acceptable row. See `migraine validate {source}`.")
    frame = preprocess(valid, cleaning=params.cleaning(contract), contract=contract).diary
    return delivery.description, _shards(frame, contract)


def _shards(frame: pd.DataFrame, contract: Contract) -> Iterator[Shard]:
    for names, diary in diaries_from_frame(frame, contract=contract, rows=PART_ROWS):
        yield Shard(names, diary)
