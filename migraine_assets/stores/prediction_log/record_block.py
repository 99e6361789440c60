"""The receipts of many answers to one request, kept by columns in one line of the log.

Here belong the form and taking it apart. Not here: a single receipt (`receipt`), writing (`segments`), finding a line
(`log_reading`). Writing 76 numbers of each of a thousand people as text would take longer than predicting for them.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log.record import Receipt

FORMAT = 1
# A line of the log begins with this where it is a block; no receipt does.
PREFIX = b'{"block":'
MOST_ROWS = 1000

Row = list[float | None]


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """What a challenger said silently of the rows `places` of its part. `features`: None where they are the part's."""

    bundle: str
    places: list[int]
    outputs: list[float | None]
    width: int
    features: bytes | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one model said. `places`: whose answer, counted in the block; `features`: float32[len(places), width] as
    little-endian bytes, in the order of the manifest of `bundle`; `outputs`: null where it abstained.
    """

    task: str
    bundle: str
    arm: str
    places: list[int]
    outputs: list[float | None]
    width: int
    features: bytes
    silent: Silent | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Answers that were given together. `block`: the format's number; `latency_ms`: of the whole request."""

    block: int = FORMAT
    time: float
    latency_ms: float
    ids: list[str]
    participants: list[str | None]
    for_dates: list[str] | None
    parts: list[Part]


def receipts_of(block: Block) -> tuple[Receipt, ...]:
    """Each answer as a receipt of its own. Raises `StoreError` for another format, or where the block is damaged."""
    if block.block != FORMAT:
        raise StoreError(f"A block of receipts has format {block.block}; this version reads format {FORMAT}.")
    try:
        return tuple(_receipts(block))
    except (ValueError, IndexError) as error:
        raise StoreError(f"A block of receipts is damaged: {error}.") from error


def _receipts(block: Block) -> Iterator[Receipt]:
    found = [_Row() for _ in block.ids]
    for part in block.parts:
        _add(part, found)
    dates: Sequence[str | None] = block.for_dates or [None] * len(found)
    identities = zip(block.ids, block.participants, dates, found, strict=True)
    for identity, participant, for_date, row in identities:
        yield Receipt(
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
    """A receipt while it is put together."""

    def __init__(self) -> None:
        self.features: dict[str, Row] = {}
        self.outputs: dict[str, float | None] = {}
        self.bundles: dict[str, str] = {}
        self.shadow_outputs: dict[str, float | None] = {}
        self.shadow_bundles: dict[str, str] = {}
        self.shadow_features: dict[str, Row] = {}
        self.arm = "champion"


def _add(part: Part, found: Sequence[_Row]) -> None:
    rows = _plain(part.features, part.width)
    for place, features, output in zip(part.places, rows, part.outputs, strict=True):
        row = found[place]
        row.features[part.task], row.bundles[part.task] = features, part.bundle
        if output is not None:
            row.outputs[part.task] = output
        if row.arm == "champion":
            row.arm = part.arm
    if part.silent is not None:
        _add_silent(part, part.silent, found)


def _add_silent(part: Part, silent: Silent, found: Sequence[_Row]) -> None:
    rows = None if silent.features is None else _plain(silent.features, silent.width)
    for k, (place, output) in enumerate(zip(silent.places, silent.outputs, strict=True)):
        row = found[part.places[place]]
        row.shadow_outputs[part.task], row.shadow_bundles[part.task] = output, silent.bundle
        if rows is not None:
            row.shadow_features[part.task] = rows[k]


def _plain(content: bytes, width: int) -> list[Row]:
    """The rows as lists, null for NaN."""
    matrix: NDArray[np.float64] = np.frombuffer(content, dtype="<f4").reshape(-1, width).astype(np.float64)
    return [[None if value != value else value for value in row] for row in matrix.tolist()]
