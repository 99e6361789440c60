"""A Feast repository of the features: an entity, feature views, and the Parquet of the offline store.

    feature_store.yaml      registry, online store and offline store; written once, then left to its owner
    features.py             the entity and the feature views
    data/features.parquet   one row for each participant and day

Feast itself is not imported. Not here: the features (`core.features.table`), the frame (`stores.assets.frames`).
"""

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets.stores.file_modes import make_folder
from migraine_assets.stores.unfinished import unfinished_file

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SETTINGS, DEFINITIONS, TABLE = "feature_store.yaml", "features.py", "data/features.parquet"
PROJECT, ENTITY, TIMESTAMP = "migraine", "participant", "event_timestamp"
# The feature views: features of the newest day alone, and those with a longer window.
DAY, HISTORY = "diary_day", "diary_history"


@dataclass(frozen=True)
class FeastRepository:
    """What was written: the numbers of rows and features, and the newest event timestamp."""

    rows: int
    features: int
    newest: dt.datetime

    @property
    def oldest_online(self) -> dt.datetime:
        """The time before which no row is recent enough for the online store."""
        return self.newest - dt.timedelta(days=LOOK_BACK)


def write_repository(
    folder: Path, parts: Iterable["pa.Table"], features: Sequence[Feature], *, version: str, redis: str | None
) -> FeastRepository:
    """Write the repository into `folder`, or replace the features in it.

    `parts`: tables with `participant_id`, `date` and the columns of `features`. `version`: of the frame. `redis`: the
    connection string of the online store; None for a SQLite file. Raises `OSError`.
    """
    make_folder(folder / "data")
    rows, newest = _write_table(folder / TABLE, parts, [feature.name for feature in features])
    _replace(folder / DEFINITIONS, _definitions(features, version).encode())
    if not (folder / SETTINGS).exists():
        _replace(folder / SETTINGS, yaml.safe_dump(_settings(redis), sort_keys=False).encode())
    return FeastRepository(rows, len(features), newest)


def _write_table(path: Path, parts: Iterable["pa.Table"], names: Sequence[str]) -> tuple[int, dt.datetime]:
    """Write the offline store part by part; return the number of rows and the newest event timestamp."""
    import pyarrow.compute as pc

    rows, newest, writer = 0, dt.datetime.min.replace(tzinfo=dt.UTC), None
    with _unfinished_table(path) as open_writer:
        for part in parts:
            table = _with_timestamp(part, names)
            writer = open_writer(table.schema) if writer is None else writer
            writer.write_table(table)
            rows += table.num_rows
            newest = max(newest, pc.max(table.column(TIMESTAMP)).as_py())
    return rows, newest


def _with_timestamp(part: "pa.Table", names: Sequence[str]) -> "pa.Table":
    """Return the features with the time from which they are known: the end of their day, in UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    day = part.column("date").cast(pa.timestamp("us"))
    end = pc.add(day, pa.scalar(dt.timedelta(days=1), pa.duration("us"))).cast(pa.timestamp("us", "UTC"))
    columns = {name: part.column(name).cast(pa.float32()) for name in names}
    return pa.table({"participant_id": part.column("participant_id"), TIMESTAMP: end, **columns})


@contextmanager
def _unfinished_table(path: Path) -> Iterator[Any]:
    """Yield a function that opens the writer of a Parquet file, which appears at `path` when the block ends."""
    import pyarrow.parquet as pq

    opened: list[pq.ParquetWriter] = []

    with unfinished_file(path, b"") as temporary:

        def open_writer(schema: "pa.Schema") -> "pq.ParquetWriter":
            opened.append(pq.ParquetWriter(temporary, schema, compression="zstd"))
            return opened[0]

        try:
            yield open_writer
        finally:
            for writer in opened:
                writer.close()
        os.replace(temporary, path)


def _replace(path: Path, content: bytes) -> None:
    with unfinished_file(path, content) as temporary:
        os.replace(temporary, path)


def _settings(redis: str | None) -> dict[str, Any]:
    sqlite = {"type": "sqlite", "path": "data/online_store.db"}
    return {
        "project": PROJECT,
        "provider": "local",
        "registry": "data/registry.db",
        "online_store": sqlite if redis is None else {"type": "redis", "connection_string": redis},
        "offline_store": {"type": "file"},
        "entity_key_serialization_version": 3,
    }


def _definitions(features: Sequence[Feature], version: str) -> str:
    day = [feature for feature in features if feature.window <= 1]
    history = [feature for feature in features if feature.window > 1]
    views = [(DAY, "The newest day of the diary.", day), (HISTORY, "The days before it, too.", history)]
    return _HEAD.format(entity=ENTITY, table=TABLE, timestamp=TIMESTAMP, version=version) + "".join(
        _view(name, description, members, version) for name, description, members in views if members
    )


def _view(name: str, description: str, features: Sequence[Feature], version: str) -> str:
    # Written as Python literals, so that no text of a custom field can become code.
    fields = "".join(
        f"        Field(name={feature.name!r}, dtype=Float32, description={feature.description!r}),\n"
        for feature in features
    )
    return _VIEW.format(name=name, description=description, days=LOOK_BACK, fields=fields, version=version)


_HEAD = '''"""Features of a headache diary, written by `migraine features export --feast`, which replaces this file.

A row is known from the end of its day (UTC) on.
"""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Float32

{entity} = Entity(
    name="{entity}",
    join_keys=["participant_id"],
    value_type=ValueType.STRING,
    description="Whoever keeps the diary.",
)

diary = FileSource(name="diary", path="{table}", timestamp_field="{timestamp}")
'''

_VIEW = """
{name} = FeatureView(
    name="{name}",
    description="{description}",
    entities=[participant],
    ttl=timedelta(days={days}),
    schema=[
{fields}    ],
    source=diary,
    tags={{"features": "{version}"}},
)
"""
