"""Preprocessing of accepted rows: cleaning, sorting, and dropping repeated rows. Every change is counted.

Not here: the cleaning rules (`core.diary.cleaning`), quarantine (`core.diary.validation`), imputation and scaling,
which each model's pipeline fits on training rows only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import doc

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.core.diary.cleaning import CLIPS, Cleaner, Cleaning, Clip, Floats, cleaning_for
from migraine_assets.core.diary.columns import encoded
from migraine_assets.core.diary.duplicates import repeated

ACTION_COLUMNS: tuple[str, ...] = ("field", "action", "count", "low", "high")

# Number of rows that are cleaned together, so that their columns fit into the second-level cache.
BLOCK_ROWS = 8192


@dataclass(frozen=True)
class PreprocessSettings:
    """The limits of cleaning; `core.diary.cleaning.cleaning_for` checks them."""

    clips: Annotated[tuple[Clip, ...], doc("Limits to which values are clipped, by field, with the reason.")] = CLIPS


@dataclass(frozen=True)
class Preprocessed:
    """The diary, sorted by participant and date, and the changes that were made to it.

    `actions` (`ACTION_COLUMNS`) has a row for every limit and rule, even if its count is 0, to record which limits were
    applied. `field` is "(row)" for the dropped rows.
    """

    diary: pd.DataFrame
    actions: pd.DataFrame


def preprocess(valid: pd.DataFrame, *, cleaning: Cleaning | None = None, contract: Contract = CONTRACT) -> Preprocessed:
    """Clean accepted rows, sort them by participant and date, and drop repeated rows; `valid` is not changed.

    `cleaning` defaults to the rules for `contract`. Rows without a date keep their order within a participant and are
    never dropped.
    """
    # Cleaning replaces whole columns, so a shallow copy is enough.
    frame = valid.copy(deep=False)
    actions = _clean(frame, cleaning or cleaning_for(contract), contract)
    # Repeated rows are dropped last, because cleaning can make rows equal.
    frame = frame.sort_values(["participant_id", "date"], kind="stable", ignore_index=True)
    again = repeated(frame, contract=contract)
    actions.append(("(row)", "dropped: repeats another row of the same day", int(again.sum()), None, None))
    return Preprocessed(frame[~again].reset_index(drop=True), _table(actions))


def cleaning_actions(valid: pd.DataFrame, *, cleaning: Cleaning, contract: Contract) -> pd.DataFrame:
    """Return the changes that `preprocess` would make to single values, with the columns `ACTION_COLUMNS`."""
    return _table(_clean(valid.copy(deep=False), cleaning, contract))


def _table(actions: Sequence[tuple[str, str, int, float | None, float | None]]) -> pd.DataFrame:
    return pd.DataFrame(actions, columns=list(ACTION_COLUMNS)).astype({"low": "float64", "high": "float64"})


def _clean(
    frame: pd.DataFrame, cleaning: Cleaning, contract: Contract
) -> list[tuple[str, str, int, float | None, float | None]]:
    """Clean `frame` in place, block by block. Return the counts as rows of `ACTION_COLUMNS`."""
    fields = [item for item in contract.fields if item.column in cleaning.columns]
    names = [item.column for item in fields]
    before = [encoded(frame[item.name], item) for item in fields]
    cleaner = Cleaner(cleaning, names)
    counts = np.zeros(len(cleaner.counted), dtype=np.int64)
    after: dict[int, Floats] = {}
    for first in range(0, len(frame), BLOCK_ROWS):
        block = np.array([column[first : first + BLOCK_ROWS] for column in before])
        cleaned = cleaner.clean(block, counts=counts)
        for row in np.flatnonzero(((block != cleaned) & (block == block)).any(axis=1)).tolist():
            values = after.setdefault(row, before[row].copy())
            values[first : first + BLOCK_ROWS] = cleaned[row]
    for row, values in after.items():
        frame[fields[row].name] = values
    counted = zip(cleaner.counted, counts.tolist(), strict=True)
    return [(name, what, count, low, high) for (name, what, low, high), count in counted]
