"""Rows that describe the same participant and day: exact repetitions, and conflicts.

A row without a date never counts as a repetition, because two uneventful days of a participant look alike. Not here:
handling such rows (`core.diary.validation` quarantines conflicts, `core.diary.preprocess` drops repetitions).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, Contract


@dataclass(frozen=True)
class Conflicts:
    """Rows in conflict, as positions.

    `others`: for each, the first row that differs from it. `more`: how many further rows differ.
    """

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    more: NDArray[np.int64]


def key_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return one code for every distinct (participant, day): int64[n]; -1 if either is missing."""
    participant, _ = pd.factorize(frame["participant_id"])
    day, days = pd.factorize(frame["date"])
    whole = (participant >= 0) & (day >= 0)
    joint, _ = pd.factorize(participant.astype(np.int64) * max(len(days), 1) + day)
    return np.where(whole, joint, -1).astype(np.int64)


def content_codes(frame: pd.DataFrame, *, contract: Contract = CONTRACT) -> NDArray[np.int64]:
    """Return one code for every distinct content of the contract fields: int64[n]. Nulls are equal.

    The codes are exact; unlike hashes, they cannot collide.
    """
    joint = np.zeros(len(frame), dtype=np.int64)
    for name in contract.names():
        column, values = pd.factorize(frame[name], use_na_sentinel=False)
        if len(values) > 1:
            joint, _ = pd.factorize(joint * len(values) + column)
    return joint.astype(np.int64)


def repeated(frame: pd.DataFrame, *, contract: Contract = CONTRACT) -> NDArray[np.bool_]:
    """Return which dated rows equal an earlier row in every contract field, whatever their provenance: bool[n]."""
    rows = _shared(key_codes(frame))
    mask = np.zeros(len(frame), dtype=np.bool_)
    mask[rows] = pd.Series(content_codes(frame.iloc[rows], contract=contract)).duplicated().to_numpy()
    return mask


def conflicts(frame: pd.DataFrame, *, ignored: NDArray[np.bool_], contract: Contract = CONTRACT) -> Conflicts:
    """Return the dated rows, except `ignored`, that differ from another row of the same participant and day."""
    key = np.where(ignored, -1, key_codes(frame))
    rows = _shared(key)
    table = pd.DataFrame({"key": key[rows], "content": content_codes(frame.iloc[rows], contract=contract), "row": rows})
    versions = table.drop_duplicates("content").copy()
    versions["nth"] = versions.groupby("key").cumcount()
    first = versions[versions["nth"] == 0].set_index("key")
    second = versions[versions["nth"] == 1].set_index("key")
    table = table[table["key"].isin(second.index)]
    is_first = table["content"].to_numpy() == table["key"].map(first["content"]).to_numpy()
    others = np.where(is_first, table["key"].map(second["row"]), table["key"].map(first["row"]))
    size = table.groupby("key")["row"].transform("size")
    same = table.groupby("content")["row"].transform("size")
    more = (size - same - 1).to_numpy(dtype=np.int64)
    return Conflicts(table["row"].to_numpy(), others.astype(np.int64), more)


def _shared(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the rows that have the same key (not -1) as another row."""
    return np.flatnonzero((key >= 0) & pd.Series(key).duplicated(keep=False).to_numpy())
