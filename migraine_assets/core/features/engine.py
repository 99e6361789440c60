"""Computation of a model's input from a diary, in training (`compute`) and in the service (`compute_last`).

Not here: the features themselves (`core.features.table`), imputation and scaling (each model's pipeline). This module
needs only NumPy, because the service imports it.

Every function takes a `plan`, by default that of `core.features.table`. A row depends only on the rows of the same
participant on the 28 calendar days before it. So a row that the service computes from that history equals the row of
the batch, bit for bit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features.diary import Diary, Floats, Integers, check_horizon
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.plan import FeaturePlan
from migraine_assets.core.features.single_row import LastDay
from migraine_assets.core.features.table import FEATURES, default_plan
from migraine_assets.core.features.windows import LOOK_BACK, Windows

__all__ = [
    "FEATURES",
    "LOOK_BACK",
    "NAMES",
    "available",
    "compute",
    "compute_day",
    "compute_last",
    "select",
]

# The names of the features of the default plan.
NAMES: tuple[str, ...] = tuple(row.name for row in FEATURES)

# The columns and sums of a block of this size fit into the second-level cache.
BLOCK_ROWS = 4096


def compute(
    diary: Diary,
    *,
    horizon: int,
    plan: FeaturePlan | None = None,
    rows: NDArray[np.intp] | None = None,
    block_rows: int = BLOCK_ROWS,
) -> NDArray[np.float32]:
    """Compute the features of every row, or of `rows` alone: float32[n, features], NaN for null.

    `rows`: ascending; each has the same bits as if all were computed. A `horizon` of 1 to 7 predicts a later day from
    all fields of the row's day. A horizon of 0 predicts the row's own day; outcomes and drugs are then used only up to
    the day before. `block_rows` affects speed and memory, but not the result. Raises `ValueError` for another horizon,
    and for a horizon above 0 on an undated diary.
    """
    check_horizon(diary, horizon)
    plan = plan or default_plan()
    if rows is not None:
        return _compute_rows(diary, rows, plan, horizon=horizon, block_rows=block_rows)
    table = np.empty((len(diary), len(plan.functions)), dtype=np.float32)
    for first in range(0, len(diary), block_rows):
        stop = min(first + block_rows, len(diary))
        _fill(table[first:stop], plan, Windows(diary, first=first, stop=stop, horizon=horizon, layout=plan.layout))
    return table


def _compute_rows(
    diary: Diary, rows: NDArray[np.intp], plan: FeaturePlan, *, horizon: int, block_rows: int
) -> NDArray[np.float32]:
    """Compute the features of `rows` in blocks that each span about `block_rows` rows of the diary."""
    table = np.empty((len(rows), len(plan.functions)), dtype=np.float32)
    at = 0
    while at < len(rows):
        end = max(at + 1, int(np.searchsorted(rows, rows[at] + block_rows)))
        first, stop = int(rows[at]), int(rows[end - 1]) + 1
        days = Windows(diary, first=first, stop=stop, horizon=horizon, layout=plan.layout, rows=rows[at:end])
        _fill(table[at:end], plan, days)
        at = end
    return table


def compute_last(diary: Diary, *, horizon: int, plan: FeaturePlan | None = None) -> NDArray[np.float32]:
    """Compute the features of the last row of one participant's diary: float32[features].

    The diary needs only the 28 calendar days before that row. Raises `ValueError` as `compute` does, and for a diary
    that is empty or has several participants.
    """
    check_horizon(diary, horizon)
    if not len(diary) or diary.participant[0] != diary.participant[-1]:
        raise ValueError("The last row is computed from a diary of one participant with at least one row.")
    return compute_day(diary.day, diary.columns, dated=diary.dated, horizon=horizon, plan=plan)


def compute_day(
    day: Integers,
    columns: Mapping[str, Floats],
    *,
    dated: bool = True,
    horizon: int,
    plan: FeaturePlan | None = None,
) -> NDArray[np.float32]:
    """Compute the features of the last row from the parts of a diary that is already checked: float32[features].

    `day` int64[n], n > 0, and `columns` float64[n] each, as in a `Diary` of one participant.
    """
    plan = plan or default_plan()
    newest: Any = LastDay(day, columns, dated=dated, horizon=horizon, layout=plan.layout)
    return _without_signs(np.array([function(newest) for function in plan.functions], dtype=np.float32))


def select(names: Sequence[str], *, plan: FeaturePlan | None = None) -> NDArray[np.intp]:
    """Return the column indices of the features `names` in the result of `compute`, in the same order.

    Raises `ValueError` for unknown names.
    """
    columns = {name: column for column, name in enumerate((plan or default_plan()).names)}
    if unknown := [name for name in names if name not in columns]:
        raise ValueError(f"No such feature: {', '.join(unknown)}.")
    return np.array([columns[name] for name in names], dtype=np.intp)


def available(diary: Diary, *, plan: FeaturePlan | None = None) -> tuple[str, ...]:
    """Return the features that can be computed from `diary`, in order: an input has values, and there are dates.

    Features of a single day need no dates.
    """
    recipe = (plan or default_plan()).recipe
    known = {name for name, values in diary.columns.items() if not np.isnan(values).all()}
    known |= {"date"} if diary.dated else set()

    def has_input(feature: Feature) -> bool:
        return (diary.dated or feature.window == 1) and not known.isdisjoint(recipe.columns_read[feature.name])

    return tuple(feature.name for feature in recipe.features if has_input(feature))


def _fill(table: NDArray[np.float32], plan: FeaturePlan, days: Windows) -> None:
    """Write the features of the rows of `days` into `table` [rows, features]."""
    for column, function in enumerate(plan.functions):
        table[:, column] = function(days)
    _without_signs(table)


def _without_signs(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unify the bits of zeros and of nulls, in place, since vector and scalar code can give them different signs."""
    table += np.float32(0.0)
    np.copyto(table, np.float32(np.nan), where=table != table)
    return table
