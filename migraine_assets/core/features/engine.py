"""From a diary to the model's input, for training and service alike: `compute`, and `compute_last` for one row.

Not here: the features themselves (`core.features.table`), imputation and scaling (inside each model's pipeline).
NumPy only: the service imports this module.

A row depends on the rows of the same participant on the 28 calendar days before it, and on nothing else; so the
row computed online from that history is the row computed in the batch, bit for bit.
"""

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import contract
from migraine_assets.core.features import daily, diary, nan_math, operations, single_row, windows
from migraine_assets.core.features import table as feature_table
from migraine_assets.core.features.diary import Diary, Floats, Integers, check_horizon, column_of
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.single_row import LastDay
from migraine_assets.core.features.table import FEATURES
from migraine_assets.core.features.windows import LOOK_BACK, Windows

__all__ = [
    "FEATURES",
    "LOOK_BACK",
    "NAMES",
    "available",
    "code_version",
    "compute",
    "compute_day",
    "compute_last",
    "select",
]

NAMES: tuple[str, ...] = tuple(row.name for row in FEATURES)

# A block's columns and sums fit the second-level cache of a core.
BLOCK_ROWS = 4096


def compute(diary: Diary, *, horizon: int, block_rows: int = BLOCK_ROWS) -> NDArray[np.float32]:
    """The features of every row, float32[n, len(NAMES)], NaN for null.

    `horizon` 1: to predict the next day, with everything of the row's day known. 0: to predict the row's own
    day, with outcomes and drugs known up to the day before. `block_rows` changes speed and memory, never a bit
    of the result. Raises `ValueError` for another horizon, and for horizon 1 on an undated diary.
    """
    check_horizon(diary, horizon)
    table = np.empty((len(diary), len(NAMES)), dtype=np.float32)
    for first in range(0, len(diary), block_rows):
        stop = min(first + block_rows, len(diary))
        _fill(table[first:stop], diary, first=first, horizon=horizon)
    return table


def compute_last(diary: Diary, *, horizon: int) -> NDArray[np.float32]:
    """The features of the last row of one participant's diary, float32[len(NAMES)].

    The 28 calendar days before it are enough. Raises `ValueError` as `compute` does, and for a diary that is
    empty or of several participants.
    """
    check_horizon(diary, horizon)
    if not len(diary) or diary.participant[0] != diary.participant[-1]:
        raise ValueError("The last row is asked of a diary of one participant with at least one row.")
    return compute_day(diary.day, diary.columns, dated=diary.dated, horizon=horizon)


def compute_day(
    day: Integers, columns: Mapping[str, Floats], *, dated: bool = True, horizon: int
) -> NDArray[np.float32]:
    """`compute_last` on the parts of a diary that were checked already, float32[len(NAMES)].

    `day` int64[n], n > 0, and `columns` float64[n] each, as in a `Diary` of one participant.
    """
    newest: Any = LastDay(day, columns, dated=dated, horizon=horizon, spans=_spans())
    return _without_signs(np.array([row.function(newest) for row in FEATURES], dtype=np.float32))


def select(names: Sequence[str]) -> NDArray[np.intp]:
    """The columns of `compute` that hold `names`, in that order. Raises `ValueError` naming unknown ones."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ValueError(f"No such feature: {', '.join(unknown)}.")
    return np.array([NAMES.index(name) for name in names], dtype=np.intp)


def available(diary: Diary) -> tuple[str, ...]:
    """The features, in table order, that have a known value of at least one input and the history they need."""
    known = {name for name, values in diary.columns.items() if not np.isnan(values).all()}
    known |= {"date"} if diary.dated else set()

    def has_input(row: Feature) -> bool:
        return (diary.dated or row.window == 1) and any(column_of(name) in known for name in row.inputs)

    return tuple(row.name for row in FEATURES if has_input(row))


@cache
def code_version() -> str:
    """SHA-256 (hex) of the source that turns a diary into features: another one may give other values."""
    modules = (
        contract,
        diary,
        nan_math,
        daily,
        windows,
        single_row,
        operations,
        feature_table,
        inspect.getmodule(compute),
    )
    sources = "\0".join(inspect.getsource(module) for module in modules if module)
    return hashlib.sha256(sources.encode()).hexdigest()


@cache
def _spans() -> dict[str, int]:
    """For each column with a history the longest window that a feature asks of it, in days."""
    spans: dict[str, int] = {}
    for row in FEATURES:
        for column in row.columns if row.window > 1 else ():
            spans[column] = max(spans.get(column, 0), row.window)
    return spans


def _fill(table: NDArray[np.float32], diary: Diary, *, first: int, horizon: int) -> None:
    """Write the features of the rows from `first` into `table`, [rows, features]."""
    days = Windows(diary, first=first, stop=first + len(table), horizon=horizon, spans=_spans())
    for column, row in enumerate(FEATURES):
        table[:, column] = row.function(days)
    _without_signs(table)


def _without_signs(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """One zero and one null, in place, whatever the operations left: vector and scalar code may differ in signs."""
    table += np.float32(0.0)
    np.copyto(table, np.float32(np.nan), where=table != table)
    return table
