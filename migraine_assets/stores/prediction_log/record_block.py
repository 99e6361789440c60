"""The prediction records of one request with many rows, stored by columns in one line of the log.

Writing 76 features of a thousand rows as text would take longer than predicting for them. Not here: single records
(`stores.prediction_log.record`), writing (`stores.prediction_log.segments`), finding a line
(`stores.prediction_log.reader`).
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log.record import PredictionRecord

FORMAT = 1
# A line that begins with this prefix is a block.
PREFIX = b'{"block":'
MOST_ROWS = 1000

Row = list[float | None]
Position = Annotated[int, msgspec.Meta(ge=0)]


class ShadowPart(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions of a candidate in shadow mode.

    `positions`: positions of its rows in the part. `features`: None if they equal those of the part.
    """

    bundle: str
    positions: list[Position] = msgspec.field(name="places")
    outputs: list[float | None]
    width: int
    features: bytes | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions of one model.

    `positions`: positions of its rows in the block. `features`: float32[len(positions), width] as little-endian bytes,
    in the order of the manifest of `bundle`. `outputs`: null if the model abstained.
    """

    task: str
    bundle: str
    arm: str
    positions: list[Position] = msgspec.field(name="places")
    outputs: list[float | None]
    width: int
    features: bytes
    shadow: ShadowPart | None = msgspec.field(name="silent", default=None)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to one request. `block`: format number. `latency_ms`: latency of the whole request."""

    block: int = FORMAT
    time: float
    latency_ms: float
    ids: list[str]
    participants: list[str | None]
    for_dates: list[str] | None
    parts: list[Part]


def records_of(block: Block) -> tuple[PredictionRecord, ...]:
    """Return the answers as records. Raises `StoreError` for an unknown format or a damaged block."""
    if block.block != FORMAT:
        raise StoreError(f"A block of prediction records has format {block.block}; this version reads format {FORMAT}.")
    try:
        return tuple(_records(block))
    except (ValueError, IndexError, OverflowError) as error:
        raise StoreError(f"A block of prediction records is damaged: {error}.") from error


def _records(block: Block) -> Iterator[PredictionRecord]:
    rows = [_Row() for _ in block.ids]
    for part in block.parts:
        _add(part, rows)
    dates: Sequence[str | None] = block.for_dates or [None] * len(rows)
    for identity, participant, for_date, row in zip(block.ids, block.participants, dates, rows, strict=True):
        yield PredictionRecord(
            id=identity,
            time=block.time,
            participant=participant,
            for_date=for_date,
            features=row.features,
            outputs=row.outputs,
            bundles=row.bundles,
            arm=row.arm,
            latency_ms=block.latency_ms,
            shadow_outputs=row.shadow_outputs,
            shadow_bundles=row.shadow_bundles,
            shadow_features=row.shadow_features,
            abstained="attack" in row.bundles and "attack" not in row.outputs,
        )


class _Row:
    """A record under construction."""

    def __init__(self) -> None:
        self.features: dict[str, Row] = {}
        self.outputs: dict[str, float | None] = {}
        self.bundles: dict[str, str] = {}
        self.shadow_outputs: dict[str, float | None] = {}
        self.shadow_bundles: dict[str, str] = {}
        self.shadow_features: dict[str, Row] = {}
        self.arm = "champion"


def _add(part: Part, rows: Sequence[_Row]) -> None:
    features = _lists(part.features, part.width)
    for position, values, output in zip(part.positions, features, part.outputs, strict=True):
        row = rows[position]
        row.features[part.task], row.bundles[part.task] = values, part.bundle
        if output is not None:
            row.outputs[part.task] = output
        if row.arm == "champion":
            row.arm = part.arm
    if part.shadow is not None:
        _add_shadow(part, part.shadow, rows)


def _add_shadow(part: Part, shadow: ShadowPart, rows: Sequence[_Row]) -> None:
    features = None if shadow.features is None else _lists(shadow.features, shadow.width)
    for k, (position, output) in enumerate(zip(shadow.positions, shadow.outputs, strict=True)):
        row = rows[part.positions[position]]
        row.shadow_outputs[part.task], row.shadow_bundles[part.task] = output, shadow.bundle
        if features is not None:
            row.shadow_features[part.task] = features[k]


def _lists(content: bytes, width: int) -> list[Row]:
    """Return the rows as lists, with None for NaN."""
    matrix: NDArray[np.float64] = np.frombuffer(content, dtype="<f4").reshape(-1, width).astype(np.float64)
    return [[None if value != value else value for value in row] for row in matrix.tolist()]
